// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { clausesOf, type RegistryCase } from './clauses.ts'
import { absentDigest, manifestType } from './content.ts'
import { assertListedCode } from './refusal.ts'

const support = clausesOf('Determining Support (end-1)')
const legacy = clausesOf('Legacy Docker support HTTP headers')
const errors = clausesOf('Error Codes', 'push')
const warnings = clausesOf('Warnings')

export const baseCases: readonly RegistryCase[] = [
  support.must('answer GET of the base with 200', async (registry) => {
    assert.equal((await registry.request('GET', '/v2/')).status, 200)
  }),

  legacy.may('name the older API at the base', async (registry) => {
    const version = (await registry.request('GET', '/v2/')).headers['docker-distribution-api-version']
    assert.ok(version === undefined || version === 'registry/2.0', String(version))
  }),

  errors.must('have a list of errors in every JSON body of a 4xx, each with a listed code', async (registry) => {
    await registry.pushImage('errors')
    const upload = registry.path('blobs/uploads/00000000-0000-0000-0000-000000000000')
    const put = (body: string) => registry.putManifest('broken', body, { type: manifestType })
    for (const reply of [
      await registry.request('GET', registry.path('manifests/none')),
      await registry.request('GET', registry.path(`manifests/${absentDigest}`)),
      await registry.request('GET', registry.path(`blobs/${absentDigest}`)),
      await registry.request('GET', registry.path('tags/list', registry.fresh())),
      await registry.request('PATCH', upload, { body: 'x' }),
      await registry.request('PUT', await registry.openUpload(), { body: 'x' }),
      await put('{'),
      await put('{"schemaVersion":2}'),
    ])
      assertListedCode(reply)
  }),
]

/** At the end, when all replies were seen. */
export const warningCases: readonly RegistryCase[] = [
  warnings.must('have code 299, agent `-`, no date, and 4096 bytes at most', async (registry) => {
    for (const header of registry.warnings) {
      assert.match(header, /^299 - "(?:[^"\\]|\\.)*"(?:, 299 - "(?:[^"\\]|\\.)*")*$/)
      assert.ok(Buffer.byteLength(header) <= 4096, `${Buffer.byteLength(header)} bytes`)
    }
  }),
]
