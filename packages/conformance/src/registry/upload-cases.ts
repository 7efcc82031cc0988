// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { clausesOf, type RegistryCase } from './clauses.ts'
import { absentDigest } from './content.ts'
import type { RegistryContext } from './context.ts'
import { assertRefused } from './refusal.ts'
import { digestOf, type RawReply, withDigest } from './wire.ts'

const postPut = clausesOf('POST then PUT (end-4a, end-6)', 'push')
const post = clausesOf('Single POST (end-4b)', 'push')
const mounting = clausesOf('Mounting a blob from another repository (end-11)', 'push')
const cancelling = clausesOf('Cancelling an upload (end-14)', 'push')
const digests = clausesOf('Digests', 'push')

const octets = { 'content-type': 'application/octet-stream' }

/** A reply that says where a blob is, and the blob is there. */
async function assertStored(registry: RegistryContext, reply: RawReply, content: string | Uint8Array): Promise<void> {
  assert.equal(reply.status, 201, `${reply.body}`)
  assert.ok(reply.headers.location, 'a blob has a location')
  const pulled = await registry.request('GET', reply.headers.location)
  assert.equal(pulled.status, 200)
  assert.ok(pulled.body.equals(Buffer.from(content)), 'the bytes differ')
}

async function assertAbsent(registry: RegistryContext, digest: string, repository?: string): Promise<void> {
  assert.equal((await registry.request('HEAD', registry.path(`blobs/${digest}`, repository))).status, 404)
}

/** A reply that opened a session instead, with which a blob can be uploaded. */
async function assertSession(registry: RegistryContext, reply: RawReply): Promise<void> {
  assert.equal(reply.status, 202, `${reply.body}`)
  assert.ok(reply.headers.location, 'a session has a location')
  const content = randomBytes(20)
  const closed = await registry.request('PUT', withDigest(reply.headers.location, digestOf(content)), {
    headers: octets,
    body: content,
  })
  await assertStored(registry, closed, content)
}

const mount = (registry: RegistryContext, target: string, query: Record<string, string>) =>
  registry.request('POST', `${registry.path('blobs/uploads/', target)}?${new URLSearchParams(query)}`, {
    headers: { 'content-length': '0' },
  })

export const uploadCases: readonly RegistryCase[] = [
  postPut.must('answer POST with 202 and a location of its own, with a UUID in it', async (registry) => {
    const locations = [await registry.openUpload(), await registry.openUpload()]
    for (const location of locations) assert.match(location, /[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}/i)
    assert.notEqual(locations[0], locations[1])
  }),
  postPut.must('answer PUT of the whole blob with 201 and where it can be pulled', async (registry) => {
    for (const content of [randomBytes(1000), Buffer.alloc(0)]) {
      const location = withDigest(await registry.openUpload(), digestOf(content))
      await assertStored(registry, await registry.request('PUT', location, { headers: octets, body: content }), content)
    }
  }),
  postPut.must('refuse content that has not the digest, and keep nothing of it', async (registry) => {
    const digest = digestOf('what was meant')
    const location = withDigest(await registry.openUpload(), digest)
    const reply = await registry.request('PUT', location, { headers: octets, body: 'what came' })
    assertRefused(reply, 400, 'DIGEST_INVALID')
    await assertAbsent(registry, digest)
    await assertAbsent(registry, digestOf('what came'))
  }),
  postPut.must('refuse PUT without a digest, or with one that is none', async (registry) => {
    for (const digest of [undefined, 'x', 'sha256:zz']) {
      const location = await registry.openUpload()
      const target = digest === undefined ? location : withDigest(location, digest)
      assertRefused(await registry.request('PUT', target, { headers: octets, body: 'x' }), [400, 404])
    }
  }),
  postPut.must('keep nothing of a body that breaks off', async (registry) => {
    const content = randomBytes(5000)
    const location = withDigest(await registry.openUpload(), digestOf(content))
    const options = { headers: { ...octets, 'content-length': '6000' }, body: content, breakOff: true }
    await assert.rejects(registry.request('PUT', location, options))
    await assertAbsent(registry, digestOf(content))
  }),
  postPut.must('refuse names of repositories outside the grammar', async (registry) => {
    for (const name of ['Upper/case', '_a', 'a..b', 'a-']) {
      const reply = await registry.request('POST', registry.path('blobs/uploads/', name))
      assertRefused(reply, [400, 404], 'NAME_INVALID', 'NAME_UNKNOWN')
    }
  }),
  postPut.must('take names of repositories at the edges of the grammar', async (registry) => {
    for (const name of ['a.b_c', 'a__b', 'a---b/0', '0/1/2/3/4/5']) {
      const repository = `${registry.repository}/${name}`
      await registry.pushBlob('edges', repository)
      const reply = await registry.request('GET', registry.path(`blobs/${digestOf('edges')}`, repository))
      assert.equal(reply.status, 200, name)
    }
  }),

  post.may('answer POST with a digest with 201 and where the blob is, or with 202 and a session', async (registry) => {
    const content = randomBytes(300)
    const target = withDigest(registry.path('blobs/uploads/'), digestOf(content))
    const reply = await registry.request('POST', target, { headers: octets, body: content })
    if (reply.status === 202) await assertSession(registry, reply)
    else await assertStored(registry, reply, content)
  }),
  post.must('keep nothing of content that has not the digest', async (registry) => {
    const digest = digestOf('posted, and something else was meant')
    const target = withDigest(registry.path('blobs/uploads/'), digest)
    const reply = await registry.request('POST', target, { headers: octets, body: 'posted' })
    if (reply.status !== 202) assertRefused(reply, 400, 'DIGEST_INVALID')
    await assertAbsent(registry, digest)
  }),
  post.must('refuse a Content-Length that the body does not have', async (registry) => {
    const content = randomBytes(3000)
    const target = withDigest(registry.path('blobs/uploads/'), digestOf(content))
    const options = { headers: { ...octets, 'content-length': '3001' }, body: content, breakOff: true }
    await assert.rejects(async () => {
      if ((await registry.request('POST', target, options)).status !== 202) return
      throw new Error('a session instead, before the body')
    })
    await assertAbsent(registry, digestOf(content))
  }),

  mounting.must('answer a mount with 201 and where the blob can be pulled, or open a session', async (registry) => {
    const content = randomBytes(64)
    const query = { mount: await registry.pushBlob(content), from: registry.repository }
    const reply = await mount(registry, registry.fresh(), query)
    if (reply.status === 202) await assertSession(registry, reply)
    else await assertStored(registry, reply, content)
  }),
  mounting.should('answer a mount of what is not there with 202 and a session', async (registry) => {
    const digest = await registry.pushBlob(randomBytes(64))
    for (const query of [
      { mount: absentDigest, from: registry.repository },
      { mount: digest, from: registry.fresh() },
    ])
      await assertSession(registry, await mount(registry, registry.fresh(), query))
  }),
  mounting.may('find the blob without `from`, or open a session', async (registry) => {
    const content = randomBytes(64)
    const reply = await mount(registry, registry.fresh(), { mount: await registry.pushBlob(content) })
    if (reply.status === 202) await assertSession(registry, reply)
    else await assertStored(registry, reply, content)
  }),
  mounting.must('make the blob a part of that repository and of no other', async (registry) => {
    const digest = await registry.pushBlob(randomBytes(64))
    const [target, other] = [registry.fresh(), registry.fresh()]
    await registry.pushBlob('something', other)
    const { status } = await mount(registry, target, { mount: digest, from: registry.repository })
    assert.ok([201, 202].includes(status), `status ${status}`)
    const found = await registry.request('HEAD', registry.path(`blobs/${digest}`, target))
    assert.equal(found.status, status === 201 ? 200 : 404)
    await assertAbsent(registry, digest, other)
  }),

  cancelling.must('answer DELETE of a session with 204, and know it no more', async (registry) => {
    const location = await registry.openUpload()
    assert.equal((await registry.request('DELETE', location)).status, 204)
    for (const [method, target] of [
      ['GET', location],
      ['PUT', withDigest(location, digestOf(''))],
    ] as const)
      assertRefused(await registry.request(method, target), 404, 'BLOB_UPLOAD_UNKNOWN')
  }),

  digests.should(
    'take blobs and manifests by their sha512',
    async (registry) => {
      const content = randomBytes(100)
      const digest = await registry.pushBlob(content, registry.repository, digestOf(content, 'sha512'))
      const reply = await registry.request('GET', registry.path(`blobs/${digest}`))
      assert.equal(reply.status, 200)
      assert.ok(reply.body.equals(content))
      const { body } = await registry.pushImage('sha512')
      const path = registry.path(`manifests/${digestOf(body, 'sha512')}`)
      const put = await registry.request('PUT', path, {
        headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
        body,
      })
      assert.equal(put.status, 201, `${put.body}`)
      assert.equal((await registry.request('GET', path)).body.toString(), body.toString())
    },
    'sha512',
  ),
]
