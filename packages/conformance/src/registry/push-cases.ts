// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { ConformanceCase } from '../harness/suite.ts'
import { assertError, digestOf, manifestType, type RegistryContext, withDigest } from './context.ts'

const octets = { 'content-type': 'application/octet-stream' }

export const pushCases: readonly ConformanceCase<RegistryContext>[] = [
  {
    name: 'a blob is uploaded in one streamed piece',
    async run(registry) {
      const location = await registry.openUpload()
      const patched = await registry.request('PATCH', location, { headers: octets, body: 'streamed' })
      assert.equal(patched.status, 202)
      assert.equal(patched.headers.range, '0-7')
      const digest = digestOf('streamed')
      const closed = await registry.request('PUT', withDigest(patched.headers.location as string, digest))
      assert.equal(closed.status, 201)
      assert.equal(closed.headers['docker-content-digest'], digest)
      assert.equal((await registry.request('GET', registry.path(`blobs/${digest}`))).body.toString(), 'streamed')
    },
  },
  {
    name: 'a blob is uploaded in chunks, and the session says how far it is',
    async run(registry) {
      let location = await registry.openUpload()
      for (const [range, body] of [
        ['0-3', 'abcd'],
        ['4-6', 'efg'],
      ] as const) {
        const headers = { ...octets, 'content-range': range }
        const reply = await registry.request('PATCH', location, { headers, body })
        assert.equal(reply.status, 202)
        location = reply.headers.location as string
      }
      const status = await registry.request('GET', location)
      assert.equal(status.status, 204)
      assert.equal(status.headers.range, '0-6')
      assert.equal((await registry.request('PUT', withDigest(location, digestOf('abcdefg')))).status, 201)
    },
  },
  {
    name: 'a chunk out of order is 416',
    async run(registry) {
      const headers = { ...octets, 'content-range': '10-13' }
      const reply = await registry.request('PATCH', await registry.openUpload(), { headers, body: 'abcd' })
      assert.equal(reply.status, 416)
    },
  },
  {
    name: 'content that does not have the digest is DIGEST_INVALID and is not kept',
    async run(registry) {
      const digest = digestOf('right')
      const reply = await registry.request('PUT', withDigest(await registry.openUpload(), digest), {
        headers: octets,
        body: 'wrong',
      })
      assertError(reply, 400, 'DIGEST_INVALID')
      assert.equal((await registry.request('HEAD', registry.path(`blobs/${digest}`))).status, 404)
    },
  },
  {
    name: 'an unknown upload is BLOB_UPLOAD_UNKNOWN',
    async run(registry) {
      const path = registry.path('blobs/uploads/00000000-0000-0000-0000-000000000000')
      assertError(await registry.request('PATCH', path, { headers: octets, body: 'x' }), 404, 'BLOB_UPLOAD_UNKNOWN')
    },
  },
  {
    name: 'a blob is mounted from another repository, or an upload opens instead',
    async run(registry) {
      const digest = await registry.pushBlob('shared between repositories')
      const target = `/v2/${registry.repository}-mounted/blobs/uploads/?mount=${digest}&from=${registry.repository}`
      const reply = await registry.request('POST', target)
      assert.ok([201, 202].includes(reply.status), `status ${reply.status}`)
      if (reply.status === 202) return
      const found = await registry.request('HEAD', `/v2/${registry.repository}-mounted/blobs/${digest}`)
      assert.equal(found.status, 200)
    },
  },
  {
    name: 'a manifest whose blobs are missing is MANIFEST_BLOB_UNKNOWN',
    async run(registry) {
      await registry.pushImage('before')
      const gone = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf('never pushed'), size: 12 }
      const body = JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config: gone, layers: [] })
      const headers = { 'content-type': manifestType }
      const reply = await registry.request('PUT', registry.path('manifests/missing'), { headers, body })
      assertError(reply, [400, 404], /^(MANIFEST_BLOB_UNKNOWN|BLOB_UNKNOWN)$/)
    },
  },
  {
    name: 'a manifest that is not JSON is MANIFEST_INVALID',
    async run(registry) {
      const headers = { 'content-type': manifestType }
      const reply = await registry.request('PUT', registry.path('manifests/broken'), { headers, body: '{' })
      assertError(reply, 400, 'MANIFEST_INVALID')
    },
  },
  {
    name: 'a repository name outside the grammar is refused',
    async run(registry) {
      const reply = await registry.request('POST', '/v2/Upper/case/blobs/uploads/')
      assert.ok([400, 404].includes(reply.status), `status ${reply.status}`)
    },
  },
]
