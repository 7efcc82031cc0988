// SPDX-License-Identifier: Apache-2.0
// Pulls an image into a layout with the client, once for each line of standard input, which names a folder; answers each
// with a line. This is what a program that has the client in it does, which starts once.
import { createInterface } from 'node:readline'
import { createRegistryClient, parseReference } from '@teu/image-registry/client'
import { layoutSink } from '@teu/image-registry/layout'

const reference = parseReference(process.argv[2] ?? '')
for await (const folder of createInterface({ input: process.stdin })) {
  // What another pull learnt, and its connections, are not used again.
  await using client = createRegistryClient()
  const sink = layoutSink(folder)
  const { root } = await client.pull(reference, sink, { platform: 'all' })
  await sink.add(root, { name: 'latest' })
  process.stdout.write('done\n')
}
