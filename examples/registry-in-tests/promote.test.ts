// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import { createRegistryClient, parseReference, type RegistryClient } from '@teu/image-registry/client'
import {
  appendLayer,
  emptyImage,
  type Image,
  layerFromEntries,
  makeArtifact,
  pushSource,
} from '@teu/image-registry/image'
import { createRegistry, type Fault, type Registry } from '@teu/image-registry/server'
import { promote } from './promote.ts'

suite('promote', () => {
  // The registry looks at this array with every request: a test puts in what is to go wrong.
  const faults: Fault[] = []
  let registry: Registry
  let client: RegistryClient
  let image: Image

  before(async () => {
    registry = await createRegistry({ faults }) // in memory, on a free port of 127.0.0.1
    client = createRegistryClient({ retryDelayMs: 1 })
    image = appendLayer(emptyImage(), await layerFromEntries([{ path: 'app', content: Buffer.alloc(100_000, 'app') }]))
    await push('candidate:v1', image)
  })
  after(async () => {
    await client.close()
    await registry.close()
  })
  beforeEach(() => {
    faults.length = 0
  })

  const named = (name: string) => `${registry.address}/${name}`
  const push = (name: string, what: Image) =>
    client.push(parseReference(named(name)), what.descriptor, pushSource(what))

  test('the target names what the source names', async () => {
    const digest = await promote(client, named('candidate:v1'), named('release:v1'))
    assert.equal(digest, image.descriptor.digest)
    assert.deepEqual(await Array.fromAsync(client.listTags(parseReference(named('release')))), ['v1'])
  })

  test('signatures go along', async () => {
    const signature = makeArtifact({
      artifactType: 'application/vnd.example.signature',
      subject: image.descriptor,
      blobs: [],
    })
    const { registry: host, repository } = parseReference(named('candidate'))
    const at = { registry: host, repository, digest: signature.descriptor.digest }
    await client.push(at, signature.descriptor, pushSource(signature))
    await promote(client, named('candidate:v1'), named('signed:v1'))
    const [found] = await client.listReferrers(parseReference(named('signed')), image.descriptor.digest)
    assert.equal(found?.digest, signature.descriptor.digest)
  })

  test('a tag that is taken stays', async () => {
    const other = appendLayer(image, await layerFromEntries([{ path: 'other' }]))
    await push('taken:v1', other)
    await assert.rejects(promote(client, named('candidate:v1'), named('taken:v1')), /taken:v1 is taken by sha256:/)
    assert.equal((await client.resolve(parseReference(named('taken:v1')))).digest, other.descriptor.digest)
  })

  test('a connection that breaks, and a registry that is busy, are survived', async () => {
    const struck: string[] = []
    const onStrike = ({ method }: { method: string }) => void struck.push(method)
    faults.push(
      { on: { kind: 'blob', method: 'GET' }, do: 'drop', atByte: 10, onStrike },
      { on: { kind: 'manifest', method: 'PUT' }, do: 'status', status: 429, retryAfter: 0, onStrike },
    )
    await using other = await createRegistry()
    const target = `${other.address}/release:v1`
    assert.equal(await promote(client, named('candidate:v1'), target), image.descriptor.digest)
    assert.deepEqual(struck, ['GET', 'PUT'].slice(0, struck.length))
    assert.ok(struck.includes('GET'))
  })

  test('a registry that refuses says so', async () => {
    faults.push({ on: { kind: 'manifest' }, do: 'status', status: 403, times: Number.POSITIVE_INFINITY })
    await assert.rejects(promote(client, named('candidate:v1'), named('denied:v1')), { code: 'permission-denied' })
  })
})
