// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { clausesOf, type RegistryCase } from './clauses.ts'
import { absentDigest, manifestType } from './content.ts'
import type { RegistryContext } from './context.ts'
import { assertRefused } from './refusal.ts'
import { digestOf, type RawReply } from './wire.ts'

const manifests = clausesOf('Pulling manifests (end-3)')
const blobs = clausesOf('Pulling blobs (end-2)')
const existing = clausesOf('Checking if content exists in the registry (end-2, end-3)')

/** The image's manifest by tag and by digest. */
async function eachManifest(registry: RegistryContext, method: string, look: (reply: RawReply) => void): Promise<void> {
  const { repository, tag, digest, type } = await registry.image()
  for (const reference of [tag, digest]) {
    const path = registry.path(`manifests/${reference}`, repository)
    look(await registry.request(method, path, { headers: { accept: type } }))
  }
}

/** One of the image's blobs, of 100 bytes at least. */
async function blobOf(registry: RegistryContext, headers: Record<string, string> = {}, method = 'GET') {
  const { repository, layer } = await registry.image()
  const reply = await registry.request(method, registry.path(`blobs/${layer.digest}`, repository), { headers })
  return { reply, layer }
}

/** The whole of it, and what a range of it is answered with. */
async function ranged(registry: RegistryContext, range: string) {
  const whole = (await blobOf(registry)).reply.body
  return { whole, ...(await blobOf(registry, { range })).reply }
}

const badNames = ['Upper/case', '_a', 'a..b', 'a-', 'a/-b', 'a___b']

export const pullCases: readonly RegistryCase[] = [
  manifests.must(
    'answer an existing manifest with 200 and the bytes that were pushed, by tag and by digest',
    async (registry) => {
      const { body } = await registry.image()
      await eachManifest(registry, 'GET', (reply) => {
        assert.equal(reply.status, 200)
        assert.ok(reply.body.equals(body), 'the bytes differ')
      })
    },
  ),
  manifests.should('name the digest in Docker-Content-Digest', async (registry) => {
    const { digest } = await registry.image()
    await eachManifest(registry, 'GET', ({ headers }) => assert.equal(headers['docker-content-digest'], digest))
  }),
  manifests.should('give the Content-Type that was pushed, without parameters', async (registry) => {
    const { type } = await registry.image()
    await eachManifest(registry, 'GET', ({ headers }) => assert.equal(headers['content-type'], type))
    assert.doesNotMatch(type, /;/)
  }),
  manifests.must('answer a manifest that is not in the repository with 404', async (registry) => {
    const { repository } = await registry.image()
    for (const reference of ['none', absentDigest]) {
      const reply = await registry.request('GET', registry.path(`manifests/${reference}`, repository))
      assertRefused(reply, 404, 'MANIFEST_UNKNOWN', 'NAME_UNKNOWN')
    }
  }),
  manifests.must('answer a repository that does not exist with 404', async (registry) => {
    const reply = await registry.request('GET', registry.path('manifests/latest', registry.fresh()))
    assertRefused(reply, 404, 'NAME_UNKNOWN', 'MANIFEST_UNKNOWN')
  }),
  manifests.must('refuse names of repositories outside the grammar', async (registry) => {
    for (const name of badNames) {
      const reply = await registry.request('GET', registry.path('manifests/latest', name))
      assertRefused(reply, [400, 404], 'NAME_INVALID', 'NAME_UNKNOWN', 'MANIFEST_UNKNOWN')
    }
  }),
  manifests.must('refuse references that are neither tag nor digest', async (registry) => {
    const { repository } = await registry.image()
    for (const reference of ['-x', '.x', 'a'.repeat(129), 'sha256:zz', 'a@b'])
      assertRefused(await registry.request('GET', registry.path(`manifests/${reference}`, repository)), [400, 404])
  }),

  blobs.must('answer an existing blob with 200 and its bytes', async (registry) => {
    const { reply, layer } = await blobOf(registry)
    assert.equal(reply.status, 200)
    assert.equal(digestOf(reply.body), layer.digest)
  }),
  blobs.should('name the digest of the body in Docker-Content-Digest', async (registry) => {
    const { reply } = await blobOf(registry)
    assert.equal(reply.headers['docker-content-digest'], digestOf(reply.body))
  }),
  blobs.must('answer a blob that is not in the repository with 404', async (registry) => {
    const { repository, layer } = await registry.image()
    const paths = [
      registry.path(`blobs/${absentDigest}`, repository),
      registry.path(`blobs/${layer.digest}`, registry.fresh()),
    ]
    for (const path of paths)
      for (const method of ['GET', 'HEAD'])
        assertRefused(await registry.request(method, path), 404, 'BLOB_UNKNOWN', 'NAME_UNKNOWN')
  }),
  blobs.must('refuse what is no digest', async (registry) => {
    const { repository } = await registry.image()
    for (const digest of ['sha256:zz', 'sha256', `sha256:${'A'.repeat(64)}`, `md5:${'0'.repeat(31)}`])
      assertRefused(await registry.request('GET', registry.path(`blobs/${digest}`, repository)), [400, 404])
  }),
  blobs.should('support Range (RFC 9110): first and last byte, from a byte on, the last bytes', async (registry) => {
    const cases = [
      ['bytes=3-5', 3, 5],
      ['bytes=10-', 10, -1],
      ['bytes=-7', -7, -1],
      ['bytes=0-999999999', 0, -1],
    ] as const
    for (const [range, first, last] of cases) {
      const { whole, status, body, headers } = await ranged(registry, range)
      const start = first < 0 ? whole.length + first : first
      const end = last < 0 ? whole.length - 1 : last
      assert.equal(status, 206, range)
      assert.equal(headers['content-range'], `bytes ${start}-${end}/${whole.length}`)
      assert.ok(body.equals(whole.subarray(start, end + 1)), `${range}: the bytes differ`)
    }
  }),
  blobs.should('answer a Range behind the end with 416 and the length (RFC 9110)', async (registry) => {
    const { whole, status, headers } = await ranged(registry, 'bytes=999999999-')
    assert.equal(status, 416)
    assert.equal(headers['content-range'], `bytes */${whole.length}`)
  }),
  blobs.should('ignore a Range that is none, or of another unit (RFC 9110)', async (registry) => {
    for (const range of ['bytes=9-3', 'lines=1-2']) {
      const { whole, status, body } = await ranged(registry, range)
      if (status === 200) assert.ok(body.equals(whole), range)
      else assert.equal(status, 416, range)
    }
  }),
  blobs.should('send the whole when If-Range names something else (RFC 9110)', async (registry) => {
    const { reply, layer } = await blobOf(registry, { range: 'bytes=0-1', 'if-range': '"something else"' })
    assert.equal(reply.status, 200)
    assert.equal(digestOf(reply.body), layer.digest)
  }),

  existing.must('answer HEAD of a manifest with 200, and no body', async (registry) => {
    await eachManifest(registry, 'HEAD', ({ status, body }) => assert.deepEqual([status, body.length], [200, 0]))
  }),
  existing.must('answer HEAD of a blob with 200, and no body', async (registry) => {
    const { reply } = await blobOf(registry, {}, 'HEAD')
    assert.deepEqual([reply.status, reply.body.length], [200, 0])
  }),
  existing.should('name digest and size with HEAD', async (registry) => {
    const { digest, body } = await registry.image()
    await eachManifest(registry, 'HEAD', ({ headers }) => {
      assert.equal(headers['docker-content-digest'], digest)
      assert.equal(headers['content-length'], String(body.length))
    })
    const { reply, layer } = await blobOf(registry, {}, 'HEAD')
    assert.equal(reply.headers['docker-content-digest'], layer.digest)
    assert.equal(reply.headers['content-length'], String(layer.size))
  }),
  existing.must('answer HEAD of what is not in the repository with 404', async (registry) => {
    const { repository } = await registry.image()
    for (const rest of ['manifests/none', `manifests/${absentDigest}`, `blobs/${absentDigest}`]) {
      const reply = await registry.request('HEAD', registry.path(rest, repository), {
        headers: { accept: manifestType },
      })
      assert.deepEqual([reply.status, reply.body.length], [404, 0], rest)
    }
  }),
]
