// SPDX-License-Identifier: Apache-2.0
// Copies an image with our client to a registry that asks for a password, and back again:
//   CA=FILE USERNAME=... PASSWORD=... node copy-with-login.ts SOURCE TARGET
import { readFileSync } from 'node:fs'
import { createRegistryClient } from '@teu/image-registry/client'
import { parseReference } from '@teu/oci-spec/distribution'

const [source, target] = process.argv.slice(2)
const { CA, USERNAME: username, PASSWORD: password } = process.env
if (!source || !target || !CA) throw new Error('usage: CA=FILE copy-with-login SOURCE TARGET')

const [from, to] = [parseReference(source), parseReference(target)]
await using client = createRegistryClient({
  hosts: { [to.registry]: { ca: readFileSync(CA) } },
  credentials: (registry) => (registry === to.registry && username && password ? { username, password } : undefined),
})
const held = new Map<string, Uint8Array[]>()
const sink = {
  has: async ({ digest }: { digest: string }) => held.has(digest),
  async write({ digest }: { digest: string }, open: () => AsyncIterable<Uint8Array>) {
    held.set(digest, await Array.fromAsync(open(), (chunk) => Buffer.from(chunk)))
  },
}
const { root } = await client.pull(from, sink)
await client.push(to, root, {
  async *open({ digest }, { offset }) {
    yield Buffer.concat(held.get(digest) ?? []).subarray(offset)
  },
})
held.clear()
const { root: back } = await client.pull(to, sink)
if (back.digest !== root.digest) throw new Error(`${target} is ${back.digest}, not ${root.digest}`)
process.stdout.write(`${root.digest}\n`)
