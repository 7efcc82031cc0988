// SPDX-License-Identifier: Apache-2.0
// `list-tags.ts <address> <repository> <count>`: asks a registry for all tags of a repository, over as many pages as it
// makes of them, once for each line of standard input; answers each with a line. Fails when there are not `count`.
import { createInterface } from 'node:readline'

const [address, repository, count] = process.argv.slice(2)
for await (const _ of createInterface({ input: process.stdin })) {
  let tags = 0
  for (let next: string | undefined = `/v2/${repository}/tags/list`; next !== undefined; ) {
    const answer: Response = await fetch(new URL(next, `http://${address}`))
    if (!answer.ok) throw new Error(`${next}: ${answer.status} ${await answer.text()}`)
    tags += ((await answer.json()) as { tags: string[] }).tags.length
    next = /^<([^>]+)>/.exec(answer.headers.get('link') ?? '')?.[1]
  }
  if (tags !== Number(count)) throw new Error(`${tags} of ${count} tags`)
  process.stdout.write('done\n')
}
