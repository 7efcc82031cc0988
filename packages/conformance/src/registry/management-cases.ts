// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { clausesOf, type RegistryCase } from './clauses.ts'
import { absentDigest, manifestType } from './content.ts'
import { assertRefused } from './refusal.ts'

const tags = clausesOf('Deleting tags (end-9)', 'push')
const manifests = clausesOf('Deleting Manifests (end-9)', 'push')
const blobs = clausesOf('Deleting Blobs (end-10)', 'push')

const accept = { headers: { accept: manifestType } }

export const managementCases: readonly RegistryCase[] = [
  tags.must(
    'answer with 202, and know the tag no more, but the manifest',
    async (registry) => {
      const { digest } = await registry.pushImage('untagged')
      await registry.pushImage('other')
      assert.equal((await registry.request('DELETE', registry.path('manifests/untagged'))).status, 202)
      assertRefused(await registry.request('GET', registry.path('manifests/untagged'), accept), 404, 'MANIFEST_UNKNOWN')
      assert.equal((await registry.request('GET', registry.path(`manifests/${digest}`), accept)).status, 200)
      assert.equal((await registry.request('GET', registry.path('manifests/other'), accept)).status, 200)
    },
    'delete-tag',
  ),
  tags.must('answer with 400 or 405 where tags cannot be deleted', async (registry) => {
    await registry.pushImage('kept-tag')
    const reply = await registry.request('DELETE', registry.path('manifests/kept-tag'))
    if (reply.status !== 202) assertRefused(reply, [400, 405])
    const after = await registry.request('GET', registry.path('manifests/kept-tag'), accept)
    assert.equal(after.status, reply.status === 202 ? 404 : 200)
  }),
  tags.must(
    'answer a tag that is not there with 404',
    async (registry) => {
      await registry.pushImage('there')
      assertRefused(await registry.request('DELETE', registry.path('manifests/not-there')), 404, 'MANIFEST_UNKNOWN')
    },
    'delete-tag',
  ),

  manifests.must(
    'answer with 202, and know the manifest no more, nor its tags',
    async (registry) => {
      const { digest, body } = await registry.pushImage('doomed')
      assert.equal((await registry.putManifest('doomed-too', body)).status, 201)
      await registry.pushImage('spared')
      assert.equal((await registry.request('DELETE', registry.path(`manifests/${digest}`))).status, 202)
      for (const reference of ['doomed', 'doomed-too', digest])
        assertRefused(
          await registry.request('GET', registry.path(`manifests/${reference}`), accept),
          404,
          'MANIFEST_UNKNOWN',
        )
      assert.equal((await registry.request('GET', registry.path('manifests/spared'), accept)).status, 200)
    },
    'delete',
  ),
  manifests.must('answer with 400 or 405 where manifests cannot be deleted', async (registry) => {
    const { digest } = await registry.pushImage('kept')
    const reply = await registry.request('DELETE', registry.path(`manifests/${digest}`))
    if (reply.status !== 202) assertRefused(reply, [400, 405])
    const after = await registry.request('GET', registry.path(`manifests/${digest}`), accept)
    assert.equal(after.status, reply.status === 202 ? 404 : 200)
  }),
  manifests.must(
    'answer a manifest, or a repository, that does not exist with 404',
    async (registry) => {
      await registry.pushImage('exists')
      for (const repository of [registry.repository, registry.fresh()]) {
        const reply = await registry.request('DELETE', registry.path(`manifests/${absentDigest}`, repository))
        assertRefused(reply, 404, 'MANIFEST_UNKNOWN', 'NAME_UNKNOWN')
      }
    },
    'delete',
  ),
  manifests.must(
    'take again what was deleted',
    async (registry) => {
      const { digest, body } = await registry.pushImage('again')
      assert.equal((await registry.request('DELETE', registry.path(`manifests/${digest}`))).status, 202)
      assert.equal((await registry.putManifest('again', body)).status, 201)
      assert.equal((await registry.request('GET', registry.path('manifests/again'), accept)).status, 200)
    },
    'delete',
  ),

  blobs.must(
    'answer with 202, and know the blob no more in this repository',
    async (registry) => {
      const [content, other] = [randomBytes(50), registry.fresh()]
      const digest = await registry.pushBlob(content)
      await registry.pushBlob(content, other)
      assert.equal((await registry.request('DELETE', registry.path(`blobs/${digest}`))).status, 202)
      for (const method of ['GET', 'HEAD'])
        assertRefused(await registry.request(method, registry.path(`blobs/${digest}`)), 404, 'BLOB_UNKNOWN')
      assert.equal((await registry.request('HEAD', registry.path(`blobs/${digest}`, other))).status, 200)
    },
    'delete',
  ),
  blobs.must('answer with 400 or 405 where blobs cannot be deleted', async (registry) => {
    const digest = await registry.pushBlob(randomBytes(50))
    const reply = await registry.request('DELETE', registry.path(`blobs/${digest}`))
    if (reply.status !== 202) assertRefused(reply, [400, 405])
    const after = await registry.request('HEAD', registry.path(`blobs/${digest}`))
    assert.equal(after.status, reply.status === 202 ? 404 : 200)
  }),
  blobs.must(
    'answer a blob that is not found with 404',
    async (registry) => {
      await registry.pushBlob('in the repository')
      const reply = await registry.request('DELETE', registry.path(`blobs/${absentDigest}`))
      assertRefused(reply, 404, 'BLOB_UNKNOWN')
    },
    'delete',
  ),
]
