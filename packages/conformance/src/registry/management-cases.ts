// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { ConformanceCase } from '../harness/suite.ts'
import type { RegistryContext } from './context.ts'

export const managementCases: readonly ConformanceCase<RegistryContext>[] = [
  {
    name: 'a manifest deleted by digest takes its tags with it',
    requires: ['delete'],
    async run(registry) {
      const { digest } = await registry.pushImage('doomed')
      assert.equal((await registry.request('DELETE', registry.path(`manifests/${digest}`))).status, 202)
      for (const reference of ['doomed', digest])
        assert.equal((await registry.request('GET', registry.path(`manifests/${reference}`))).status, 404)
    },
  },
  {
    name: 'a tag deleted by name leaves the manifest',
    requires: ['delete-tag'],
    async run(registry) {
      const { digest } = await registry.pushImage('untagged')
      assert.equal((await registry.request('DELETE', registry.path('manifests/untagged'))).status, 202)
      assert.equal((await registry.request('GET', registry.path('manifests/untagged'))).status, 404)
      assert.equal((await registry.request('GET', registry.path(`manifests/${digest}`))).status, 200)
    },
  },
  {
    name: 'a blob that was deleted is gone',
    requires: ['delete'],
    async run(registry) {
      const digest = await registry.pushBlob('soon gone')
      assert.equal((await registry.request('DELETE', registry.path(`blobs/${digest}`))).status, 202)
      assert.equal((await registry.request('GET', registry.path(`blobs/${digest}`))).status, 404)
    },
  },
  {
    name: 'an upload that was cancelled is gone',
    async run(registry) {
      const location = await registry.openUpload()
      assert.equal((await registry.request('DELETE', location)).status, 204)
      assert.equal((await registry.request('GET', location)).status, 404)
    },
  },
  {
    name: 'referrers of an image without any are an empty index',
    requires: ['referrers'],
    async run(registry) {
      const { digest } = await registry.pushImage('referred')
      const reply = await registry.request('GET', registry.path(`referrers/${digest}`))
      assert.equal(reply.status, 200)
      assert.equal(reply.headers['content-type'], 'application/vnd.oci.image.index.v1+json')
      assert.deepEqual(JSON.parse(reply.body.toString()).manifests, [])
    },
  },
]
