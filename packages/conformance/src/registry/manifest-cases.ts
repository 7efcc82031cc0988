// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { clausesOf, type RegistryCase } from './clauses.ts'
import {
  absentDigest,
  configOf,
  configType,
  describe,
  indexOf,
  indexType,
  manifestOf,
  manifestType,
} from './content.ts'
import type { RegistryContext } from './context.ts'
import { assertRefused } from './refusal.ts'
import { digestOf } from './wire.ts'

const push = clausesOf('Push', 'push')
const manifests = clausesOf('Pushing Manifests (end-7)', 'push')
const subjects = clausesOf('Pushing Manifests with Subject (end-7)', 'push')

/** Pushes an image's blobs, and makes a manifest of them. */
async function manifest(registry: RegistryContext, fields: object = {}): Promise<string> {
  await registry.pushBlob(configOf())
  return manifestOf({ config: configOf(), layers: [] }, fields)
}

async function assertPushed(
  registry: RegistryContext,
  reference: string,
  body: string,
  type = manifestType,
): Promise<void> {
  const reply = await registry.putManifest(reference, body, { type })
  assert.equal(reply.status, 201, `${reply.body}`)
  const pulled = await registry.request('GET', registry.path(`manifests/${reference}`), { headers: { accept: type } })
  assert.equal(pulled.status, 200)
  assert.equal(pulled.body.toString(), body)
}

const subject = { mediaType: manifestType, digest: absentDigest, size: 1 }
const fourMegabytes = 4_000_000

export const manifestCases: readonly RegistryCase[] = [
  push.must('take a manifest whose subject is not there', async (registry) => {
    await assertPushed(registry, 'early', await manifest(registry, { subject }))
  }),
  push.must('say MANIFEST_BLOB_UNKNOWN when a manifest is refused for what is not there', async (registry) => {
    const absent = { mediaType: configType, digest: absentDigest, size: 12 }
    const bodies = [
      [await manifest(registry, { config: absent }), manifestType],
      [await manifest(registry, { layers: [absent] }), manifestType],
      [indexOf([{ ...absent, mediaType: manifestType }]), indexType],
    ] as const
    for (const [body, type] of bodies) {
      const reply = await registry.putManifest('incomplete', body, { type })
      if (reply.status !== 201) assertRefused(reply, [400, 404], 'MANIFEST_BLOB_UNKNOWN')
    }
  }),

  manifests.must('keep the bytes as they came', async (registry) => {
    const odd = (await manifest(registry)).replace('{', '{\n\t "unknown" : [1.0, "\\u00e9"] , ').concat(' \n')
    await assertPushed(registry, 'odd', odd)
    await assertPushed(registry, digestOf(odd), odd)
  }),
  manifests.must('answer with 201 and where the manifest can be pulled', async (registry) => {
    const body = await manifest(registry, { annotations: { located: 'yes' } })
    for (const reference of ['located', digestOf(body)]) {
      const reply = await registry.putManifest(reference, body)
      assert.equal(reply.status, 201, `${reply.body}`)
      assert.ok(reply.headers.location, 'a manifest has a location')
      const pulled = await registry.request('GET', reply.headers.location, { headers: { accept: manifestType } })
      assert.equal(pulled.body.toString(), body)
    }
  }),
  manifests.must('name the digest that the client has in Docker-Content-Digest', async (registry) => {
    const body = await manifest(registry, { annotations: { digest: 'named' } })
    const reply = await registry.putManifest('named', body)
    assert.equal(reply.headers['docker-content-digest'], digestOf(body))
  }),
  manifests.must('refuse a manifest under a digest that is not its own', async (registry) => {
    const reply = await registry.putManifest(digestOf('another'), await manifest(registry))
    assertRefused(reply, 400, 'DIGEST_INVALID', 'MANIFEST_INVALID')
  }),
  manifests.must('refuse references that are neither tag nor digest', async (registry) => {
    const body = await manifest(registry)
    for (const reference of ['-x', 'a'.repeat(129), 'sha256:zz'])
      assertRefused(await registry.putManifest(reference, body), [400, 404])
    await assertPushed(registry, `_${'a'.repeat(127)}`, body)
  }),
  manifests.should('ignore parameters of the Content-Type', async (registry) => {
    const reply = await registry.putManifest('parameters', await manifest(registry), {
      type: `${manifestType}; charset=utf-8`,
    })
    assert.equal(reply.status, 201, `${reply.body}`)
    const { headers } = await registry.request('GET', registry.path('manifests/parameters'), {
      headers: { accept: manifestType },
    })
    assert.equal(headers['content-type'], manifestType)
  }),
  manifests.must('take a manifest of no layers, and an index of no manifests', async (registry) => {
    await assertPushed(registry, 'no-layers', await manifest(registry))
    await assertPushed(registry, 'no-manifests', indexOf([]), indexType)
  }),
  manifests.must('take an index of manifests, and an index of that', async (registry) => {
    const { body } = await registry.pushImage('platform')
    const inner = indexOf([describe(manifestType, body)])
    await assertPushed(registry, 'index', inner, indexType)
    await assertPushed(registry, 'nested', indexOf([describe(indexType, inner)]), indexType)
  }),
  manifests.must(
    'take an artifact: the empty configuration, a type of its own, content in the descriptor',
    async (registry) => {
      await registry.pushBlob('{}')
      const empty = { ...describe('application/vnd.oci.empty.v1+json', '{}'), data: 'e30=' }
      const fields = { artifactType: 'application/vnd.example.thing', config: empty, layers: [empty] }
      await assertPushed(registry, 'artifact', manifestOf({ config: '{}', layers: [] }, fields))
    },
  ),
  manifests.must('move a tag to what was pushed last, and keep what it was', async (registry) => {
    const [before, after] = [await registry.pushImage('moves'), await registry.pushImage('moves')]
    for (const [reference, { body }] of [
      ['moves', after],
      [before.digest, before],
    ] as const) {
      const reply = await registry.request('GET', registry.path(`manifests/${reference}`), {
        headers: { accept: manifestType },
      })
      assert.equal(reply.body.toString(), body.toString())
    }
  }),
  manifests.must('refuse what is no manifest', async (registry) => {
    const bodies = [
      '',
      '{',
      'null',
      '[]',
      '{"schemaVersion":2}',
      '{"schemaVersion":2,"config":{},"layers":[{}]}',
      '\u0000',
    ]
    for (const body of bodies) assertRefused(await registry.putManifest('none', body), [400, 404], 'MANIFEST_INVALID')
  }),
  manifests.should('take a manifest of four megabytes', async (registry) => {
    const body = await manifest(registry, { annotations: { long: '' } })
    await assertPushed(registry, 'four-megabytes', body.replace('""', `"${'x'.repeat(fourMegabytes - body.length)}"`))
  }),
  manifests.should('answer a manifest over its limit with 413', async (registry) => {
    const body = await manifest(registry, { annotations: { long: 'x'.repeat(40_000_000) } })
    const reply = await registry.putManifest('too-long', body)
    if (reply.status !== 201) assert.equal(reply.status, 413)
  }),

  subjects.must(
    'say with OCI-Subject that the subject was seen',
    async (registry) => {
      const { body: about } = await registry.pushImage('about')
      for (const [reference, descriptor] of [
        ['subject-there', describe(manifestType, about)],
        ['subject-absent', subject],
      ] as const) {
        const reply = await registry.putManifest(reference, await manifest(registry, { subject: descriptor }))
        assert.equal(reply.status, 201, `${reply.body}`)
        assert.equal(reply.headers['oci-subject'], descriptor.digest)
      }
      const without = await registry.putManifest('subject-none', await manifest(registry))
      assert.equal(without.headers['oci-subject'], undefined)
    },
    'referrers',
  ),
]
