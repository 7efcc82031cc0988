// SPDX-License-Identifier: Apache-2.0
// Copies an image from one registry to another with our client: node copy-image.ts SOURCE TARGET
import { createRegistryClient, type PullSink } from '@teu/image-registry/client'
import { parseReference } from '@teu/oci-spec/distribution'

const [source, target] = process.argv.slice(2)
if (!source || !target) throw new Error('usage: copy-image SOURCE TARGET')

const held = new Map<string, Uint8Array[]>()
const sink: PullSink = {
  has: async ({ digest }) => held.has(digest),
  async write({ digest }, open) {
    const chunks: Uint8Array[] = []
    for await (const chunk of open()) chunks.push(chunk)
    held.set(digest, chunks)
  },
}

await using client = createRegistryClient()
const { root } = await client.pull(parseReference(source), sink)
await client.push(parseReference(target), root, {
  async *open({ digest }, { offset }) {
    yield Buffer.concat(held.get(digest) ?? []).subarray(offset)
  },
})
const pushed = await client.resolve(parseReference(target))
if (pushed.digest !== root.digest) throw new Error(`${target} is ${pushed.digest}, not ${root.digest}`)
process.stdout.write(`${root.digest}\n`)
