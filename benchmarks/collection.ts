// SPDX-License-Identifier: Apache-2.0
// `collection.ts <root>`: collects garbage in a registry while others push to it; prints how many blobs that were, how
// many milliseconds it took, and how many pushes were acknowledged meanwhile.
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { checkStore, createRegistry } from '@teu/image-registry/server'
import { digestOf, manifestOf, manifestType } from './registry-tree.ts'

const [root = ''] = process.argv.slice(2)
/** Longer than any push takes here. */
const graceMs = 10_000
await using registry = await createRegistry({ storage: root })
await registry.store.surveyed()
// An index that is new spares what may have been asked for before it: nothing older than itself is surely idle.
await delay(graceMs + 1_000)

let isCollecting = true
let pushes = 0

async function pushAll(name: string): Promise<void> {
  while (isCollecting) {
    const layer = randomBytes(10_000)
    const config = `{"architecture":"amd64","os":"linux","id":"${digestOf(layer)}"}`
    for (const blob of [layer, config]) await post(`/v2/${name}/blobs/uploads/?digest=${digestOf(blob)}`, blob)
    const manifest = manifestOf(config, [{ digest: digestOf(layer), size: layer.byteLength }])
    await ask('PUT', `/v2/${name}/manifests/latest`, manifest, { 'content-type': manifestType })
    pushes++
  }
}

const post = (path: string, body: Uint8Array | string) => ask('POST', path, body)

async function ask(method: string, path: string, body: Uint8Array | string, headers: Record<string, string> = {}) {
  const answer = await fetch(registry.url + path, { method, headers, body: body as string })
  if (answer.status !== 201) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  await answer.body?.cancel()
}

const pushing = Promise.all(['one', 'two', 'three', 'four'].map(pushAll))
const start = performance.now()
const { blobs } = await registry.collectGarbage({ olderThanMs: graceMs })
const milliseconds = performance.now() - start
isCollecting = false
await pushing
const { findings } = await checkStore(registry.store)
if (findings.length > 0) throw new Error(`after the collection: ${JSON.stringify(findings[0])}`)
process.stdout.write(`${JSON.stringify({ blobs, milliseconds, pushes })}\n`)
