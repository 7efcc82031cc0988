// SPDX-License-Identifier: Apache-2.0
// A download that is cut anywhere, any number of times: every byte arrives once, and is asked for once.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test from 'node:test'
import { createRegistryClient } from '@teu/image-registry/client'
import { resolveRange } from '@teu/oci-spec/distribution'
import { digestOf } from '@teu/oci-spec/image'
import fc from 'fast-check'
import { scriptedRegistry } from './scripted-registry.ts'

const content = randomBytes(200_000)
const size = content.byteLength
const blob = { mediaType: 'application/octet-stream', digest: digestOf(content), size }

/** Where each request's answer ends, and whether it says its length first. */
const cut = fc.record({ after: fc.oneof(fc.nat(20), fc.nat(size), fc.constant(size - 1)), chunked: fc.boolean() })

test('whatever the cuts, each byte arrives once and is asked for once', async () => {
  let cuts: { after: number; chunked: boolean }[] = []
  const asked: number[] = []
  let sent = 0
  await using registry = await scriptedRegistry((request, response) => {
    const range = resolveRange(request.headers.range ?? '', size)
    const start = range === undefined || range === 'unsatisfiable' ? 0 : range.start
    asked.push(start)
    const { after, chunked } = cuts.shift() ?? { after: size, chunked: false }
    const part = content.subarray(start, Math.min(size, start + after))
    sent += part.byteLength
    response.writeHead(start === 0 ? 200 : 206, {
      ...(chunked ? {} : { 'content-length': String(size - start) }),
      ...(start > 0 && { 'content-range': `bytes ${start}-${size - 1}/${size}` }),
    })
    if (start + part.byteLength === size) response.end(part)
    // What was written has to leave before the connection does.
    else response.write(part, () => setTimeout(() => response.destroy(), 5))
  })
  await using client = createRegistryClient({ retryDelayMs: 1, retries: 50 })
  await fc.assert(
    fc.asyncProperty(fc.array(cut, { maxLength: 6 }), fc.boolean(), fc.nat(size), async (drawn, lend, heldBytes) => {
      cuts = [...drawn]
      asked.length = 0
      sent = 0
      const held = heldBytes > 0 ? { held: [content.subarray(0, heldBytes)] } : {}
      const chunks: Buffer[] = []
      const options = { lend, ...held }
      for await (const chunk of client.pullBlob({ registry: registry.address, repository: 'a' }, blob, options))
        chunks.push(Buffer.from(chunk))
      assert.equal(Buffer.compare(Buffer.concat(chunks), content.subarray(heldBytes)), 0)
      assert.equal(sent, size - heldBytes)
      assert.deepEqual(
        asked,
        [...asked].sort((a, b) => a - b),
      )
    }),
    { numRuns: 60 },
  )
})

test('chunks that are lent are gone when the next is asked for, others stay', async () => {
  await using registry = await scriptedRegistry((_request, response) => void response.end(content))
  await using client = createRegistryClient()
  const at = { registry: registry.address, repository: 'a' }
  const kept = await Array.fromAsync(client.pullBlob(at, blob))
  assert.equal(Buffer.compare(Buffer.concat(kept), content), 0)
  const lent = await Array.fromAsync(client.pullBlob(at, blob, { lend: true }))
  // Small ones lie together with what others use.
  assert.deepEqual(
    lent.filter(({ byteLength }) => byteLength > Buffer.poolSize / 2),
    [],
  )
  assert.ok(lent.some(({ byteLength }) => byteLength === 0))
})
