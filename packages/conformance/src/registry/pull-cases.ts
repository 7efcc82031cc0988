// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { ConformanceCase } from '../harness/suite.ts'
import { assertError, digestOf, manifestType, type RegistryContext } from './context.ts'

const absent = digestOf('nothing has this digest')

export const pullCases: readonly ConformanceCase<RegistryContext>[] = [
  {
    name: 'the version endpoint answers 200 and names the API',
    async run(registry) {
      const reply = await registry.request('GET', '/v2/')
      assert.equal(reply.status, 200)
      assert.equal(reply.headers['docker-distribution-api-version'], 'registry/2.0')
    },
  },
  {
    name: 'a manifest comes back byte for byte by tag and by digest',
    async run(registry) {
      const { digest, body } = await registry.pushImage('pulled')
      for (const reference of ['pulled', digest]) {
        const reply = await registry.request('GET', registry.path(`manifests/${reference}`), {
          headers: { accept: manifestType },
        })
        assert.equal(reply.status, 200)
        assert.equal(reply.body.toString(), body)
        assert.equal(reply.headers['content-type'], manifestType)
        assert.equal(reply.headers['docker-content-digest'], digest)
      }
    },
  },
  {
    name: 'HEAD of a manifest has the headers of GET and no body',
    async run(registry) {
      const { digest, body } = await registry.pushImage('headed')
      const reply = await registry.request('HEAD', registry.path('manifests/headed'), {
        headers: { accept: manifestType },
      })
      assert.equal(reply.status, 200)
      assert.equal(reply.headers['docker-content-digest'], digest)
      assert.equal(reply.headers['content-length'], String(body.length))
      assert.equal(reply.body.length, 0)
    },
  },
  {
    name: 'an unknown manifest is MANIFEST_UNKNOWN',
    async run(registry) {
      await registry.pushImage('known')
      assertError(await registry.request('GET', registry.path('manifests/absent')), 404, 'MANIFEST_UNKNOWN')
      assertError(await registry.request('GET', registry.path(`manifests/${absent}`)), 404, 'MANIFEST_UNKNOWN')
    },
  },
  {
    name: 'an unknown blob is BLOB_UNKNOWN',
    async run(registry) {
      await registry.pushImage('known')
      assertError(await registry.request('GET', registry.path(`blobs/${absent}`)), 404, 'BLOB_UNKNOWN')
      assert.equal((await registry.request('HEAD', registry.path(`blobs/${absent}`))).status, 404)
    },
  },
  {
    name: 'a malformed digest is refused',
    async run(registry) {
      const reply = await registry.request('GET', registry.path('blobs/sha256:zz'))
      assert.ok([400, 404].includes(reply.status), `status ${reply.status}`)
    },
  },
  {
    name: 'a range of a blob is 206 with the bytes asked for',
    async run(registry) {
      const digest = await registry.pushBlob('0123456789')
      const reply = await registry.request('GET', registry.path(`blobs/${digest}`), { headers: { range: 'bytes=3-5' } })
      assert.equal(reply.status, 206)
      assert.equal(reply.body.toString(), '345')
      assert.equal(reply.headers['content-range'], 'bytes 3-5/10')
    },
  },
  {
    name: 'tags are listed in order, and by page',
    async run(registry) {
      for (const tag of ['list-b', 'list-a', 'list-c']) await registry.pushImage(tag)
      const { name, tags } = JSON.parse((await registry.request('GET', registry.path('tags/list'))).body.toString())
      assert.equal(name, registry.repository)
      assert.deepEqual(
        tags.filter((tag: string) => tag.startsWith('list-')),
        ['list-a', 'list-b', 'list-c'],
      )
      const page = await registry.request('GET', registry.path('tags/list?n=1'))
      assert.equal(JSON.parse(page.body.toString()).tags.length, 1)
      assert.match(page.headers.link as string, /<[^>]+>; ?rel="?next"?/)
    },
  },
  {
    name: 'tags of an unknown repository are NAME_UNKNOWN',
    async run(registry) {
      assertError(await registry.request('GET', `/v2/${registry.repository}-absent/tags/list`), 404, 'NAME_UNKNOWN')
    },
  },
]
