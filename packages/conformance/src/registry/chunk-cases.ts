// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { clausesOf, type RegistryCase } from './clauses.ts'
import type { RegistryContext } from './context.ts'
import { assertRefused } from './refusal.ts'
import { digestOf, type RawReply, withDigest } from './wire.ts'

const chunks = clausesOf('Pushing a blob in chunks (end-4a, end-5, end-6)', 'push')
const status = clausesOf('Status of an upload (end-13)', 'push')
const streamed = clausesOf('Pushing a blob as a stream', 'push')

const octets = { 'content-type': 'application/octet-stream' }

/** Sends bytes `start` to `end` of some content, the last one excluded. */
function patch(
  registry: RegistryContext,
  location: string,
  content: Buffer,
  start: number,
  end: number,
  range = `${start}-${end - 1}`,
) {
  return registry.request('PATCH', location, {
    headers: { ...octets, 'content-range': range },
    body: content.subarray(start, end),
  })
}

/** The location for what comes next. */
function next(reply: RawReply): string {
  assert.equal(reply.status, 202, `${reply.body}`)
  assert.ok(reply.headers.location, 'a chunk has a location')
  return reply.headers.location
}

async function assertClosed(registry: RegistryContext, reply: RawReply, content: Buffer): Promise<void> {
  assert.equal(reply.status, 201, `${reply.body}`)
  assert.ok(reply.headers.location, 'a blob has a location')
  const pulled = await registry.request('GET', reply.headers.location)
  assert.equal(pulled.status, 200)
  assert.ok(pulled.body.equals(content), 'the bytes differ')
}

/** An upload that has its first 40 bytes of 100. */
async function begun(registry: RegistryContext) {
  const content = randomBytes(100)
  const location = next(await patch(registry, await registry.openUpload(), content, 0, 40))
  return { content, location }
}

export const chunkCases: readonly RegistryCase[] = [
  chunks.should('say the least length of a chunk as a number of bytes, when there is one', async (registry) => {
    const reply = await registry.request('POST', registry.path('blobs/uploads/'), {
      headers: { 'content-length': '0' },
    })
    assert.equal(reply.status, 202)
    const least = reply.headers['oci-chunk-min-length']
    assert.ok(least === undefined || /^[1-9][0-9]*$/.test(String(least)), String(least))
  }),
  chunks.must('answer each chunk with 202, a location and the range up to its last byte', async (registry) => {
    const content = randomBytes(100)
    let location = await registry.openUpload()
    for (const [start, end] of [
      [0, 40],
      [40, 41],
      [41, 100],
    ] as const) {
      const reply = await patch(registry, location, content, start, end)
      location = next(reply)
      assert.equal(reply.headers['range'], `0-${end - 1}`)
    }
    await assertClosed(registry, await registry.request('PUT', withDigest(location, digestOf(content))), content)
  }),
  chunks.may('bring the last chunk with the closing PUT', async (registry) => {
    const { content, location } = await begun(registry)
    const headers = { ...octets, 'content-range': '40-99' }
    const target = withDigest(location, digestOf(content))
    await assertClosed(
      registry,
      await registry.request('PUT', target, { headers, body: content.subarray(40) }),
      content,
    )
  }),
  chunks.must('answer a chunk that leaves bytes out with 416', async (registry) => {
    const { content, location } = await begun(registry)
    assertRefused(await patch(registry, location, content, 50, 60), 416)
  }),
  chunks.must('answer a chunk that came before with 416', async (registry) => {
    const { content, location } = await begun(registry)
    assertRefused(await patch(registry, location, content, 0, 40), 416)
    assertRefused(await patch(registry, location, content, 30, 60), 416)
  }),
  chunks.must('answer a first chunk that does not begin with 0 with 416', async (registry) => {
    const content = randomBytes(20)
    assertRefused(await patch(registry, await registry.openUpload(), content, 0, 20, '10-29'), 416)
  }),
  chunks.must('refuse a range outside the grammar, and one that the body does not have', async (registry) => {
    const { content, location } = await begun(registry)
    for (const range of ['40', '40-', '-59', 'a-b', '59-40', '40-1000'])
      assertRefused(await patch(registry, location, content, 40, 60, range), [400, 416])
  }),
  chunks.must('go on where the upload was after a chunk was refused', async (registry) => {
    const { content, location } = await begun(registry)
    assertRefused(await patch(registry, location, content, 70, 100), 416)
    const rest = next(await patch(registry, location, content, 40, 100))
    await assertClosed(registry, await registry.request('PUT', withDigest(rest, digestOf(content))), content)
  }),
  chunks.must('refuse to close with another digest than that of the whole blob', async (registry) => {
    const { content, location } = await begun(registry)
    const headers = { ...octets, 'content-range': '40-99' }
    const target = withDigest(location, digestOf(content.subarray(40)))
    assertRefused(await registry.request('PUT', target, { headers, body: content.subarray(40) }), 400, 'DIGEST_INVALID')
  }),
  chunks.must('answer a session that is none with 404', async (registry) => {
    const location = registry.path('blobs/uploads/00000000-0000-0000-0000-000000000000')
    for (const [method, target, body] of [
      ['PATCH', location, 'x'],
      ['PUT', withDigest(location, digestOf('x')), 'x'],
      ['GET', location, undefined],
    ] as const)
      assertRefused(
        await registry.request(method, target, { headers: octets, ...(body && { body }) }),
        404,
        'BLOB_UPLOAD_UNKNOWN',
      )
  }),
  chunks.must('know a session no more that was closed', async (registry) => {
    const { content, location } = await begun(registry)
    const headers = { ...octets, 'content-range': '40-99' }
    const target = withDigest(location, digestOf(content))
    await assertClosed(
      registry,
      await registry.request('PUT', target, { headers, body: content.subarray(40) }),
      content,
    )
    assertRefused(await registry.request('GET', location), 404, 'BLOB_UPLOAD_UNKNOWN')
  }),

  status.must('answer GET of a session with 204, a location and the range so far', async (registry) => {
    const { content, location } = await begun(registry)
    const reply = await registry.request('GET', location)
    assert.deepEqual([reply.status, reply.body.length], [204, 0])
    assert.equal(reply.headers['range'], '0-39')
    assert.ok(reply.headers.location, 'a location')
    const rest = next(await patch(registry, reply.headers.location, content, 40, 100))
    await assertClosed(registry, await registry.request('PUT', withDigest(rest, digestOf(content))), content)
  }),
  status.must('answer GET with the valid range after 416', async (registry) => {
    const { content, location } = await begun(registry)
    assertRefused(await patch(registry, location, content, 0, 40), 416)
    const reply = await registry.request('GET', location)
    assert.deepEqual([reply.status, reply.headers['range']], [204, '0-39'])
  }),

  streamed.may('be a PATCH without a range, as the clients of docker send', async (registry) => {
    const content = randomBytes(70_000)
    const reply = await registry.request('PATCH', await registry.openUpload(), { headers: octets, body: content })
    const location = next(reply)
    assert.equal(reply.headers['range'], '0-69999')
    await assertClosed(registry, await registry.request('PUT', withDigest(location, digestOf(content))), content)
  }),
]
