// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { gunzipSync } from 'node:zlib'
import { annotationKeys, digestOf, type HistoryEntry, mediaTypes, parsePlatform } from '@teu/oci-spec/image'
import { makeArtifact } from './artifact.ts'
import { annotate, contentsOf, openContent } from './content.ts'
import { appendLayer, emptyImage, type Image, withConfig, withFormat, withRunConfig } from './image.ts'
import { filterPlatforms, imageFor, imagesOf, makeIndex } from './image-index.ts'
import { blobFromBytes, layerFromBytes, layerFromEntries, recompressLayer } from './layer/layer.ts'
import { buildProgramImage } from './program-image.ts'
import { rebaseImage } from './rebase.ts'
import { validateContent, validateImage } from './validate-image.ts'

const collect = async (source: AsyncIterable<Uint8Array>) => Buffer.concat(await Array.fromAsync(source))
const layerOf = (name: string) => layerFromEntries([{ path: name, content: Buffer.from(name) }])

/** An image of layers that each hold one file of the given name. */
async function imageWith(names: readonly string[], platform = 'linux/amd64', history?: HistoryEntry[]): Promise<Image> {
  let image = emptyImage(parsePlatform(platform))
  for (const name of names) image = appendLayer(image, await layerOf(name), { created_by: name })
  return history === undefined ? image : { ...image, config: { ...image.config, history } }
}

test('an image changes into another, and is valid', async () => {
  const base = emptyImage(parsePlatform('linux/arm/v7'))
  const layer = await layerOf('a')
  const image = withRunConfig(appendLayer(base, layer, { created_by: 'test' }), { Env: ['A=b'] })
  await validateImage(image)
  assert.deepEqual(base.layers, [])
  assert.deepEqual(image.config.rootfs.diff_ids, [digestOf(gunzipSync(await collect(layer.open())))])
  assert.deepEqual(image.descriptor.platform, { os: 'linux', architecture: 'arm', variant: 'v7' })
  assert.equal((await collect(openContent(image, image.descriptor.digest))).byteLength, image.descriptor.size)
  assert.throws(() => openContent(image, digestOf('none')), { code: 'not-found' })
  const other = withConfig(image, { author: 'me', variant: undefined })
  assert.deepEqual([other.config.author, 'variant' in other.config], ['me', false])
  assert.deepEqual(JSON.parse(Buffer.from(other.configBytes).toString()), other.config)
})

test('the formats of docker and of OCI have the same layers and configuration', async () => {
  const image = annotate(await imageWith(['a', 'b']), { x: 'y' })
  const docker = withFormat(image, 'docker')
  assert.equal(docker.descriptor.mediaType, mediaTypes.dockerManifest)
  assert.equal(docker.manifest.config.mediaType, mediaTypes.dockerConfig)
  assert.deepEqual(
    docker.layers.map(({ descriptor }) => descriptor.mediaType),
    [mediaTypes.dockerLayerGzip, mediaTypes.dockerLayerGzip],
  )
  assert.equal(docker.manifest.config.digest, image.manifest.config.digest)
  await validateImage(docker)
  // What is put on top of an image of docker's becomes one of docker's.
  const zstd = await recompressLayer(await layerOf('c'), { compression: 'zstd' })
  const more = appendLayer(docker, zstd)
  assert.equal(more.manifest.layers[2]?.mediaType, mediaTypes.dockerLayerZstd)
  await validateImage(more)
  assert.equal(withFormat(docker, 'oci').descriptor.digest, image.descriptor.digest)
})

test('annotations come, stay and go, and change no configuration', async () => {
  const image = annotate(annotate(await imageWith(['a']), { a: '1', b: '2' }), { b: undefined, c: '3' })
  assert.deepEqual(image.manifest.annotations, { a: '1', c: '3' })
  assert.deepEqual(appendLayer(image, await layerOf('b')).manifest.annotations, { a: '1', c: '3' })
  const bare = annotate(image, { a: undefined, c: undefined })
  assert.equal(bare.descriptor.digest, (await imageWith(['a'])).descriptor.digest)
  assert.deepEqual(annotate(makeIndex([image]), { x: 'y' }).index.annotations, { x: 'y' })
  const artifact = makeArtifact({ artifactType: 'a/b', blobs: [] })
  assert.deepEqual(annotate(artifact, { x: 'y' }).manifest.annotations, { x: 'y' })
})

test('an index lists images by platform, and is cut down to some', async () => {
  const [amd64, arm64, armv6, armv7] = await Promise.all(
    ['linux/amd64', 'linux/arm64', 'linux/arm/v6', 'linux/arm/v7'].map((platform) => imageWith(['a'], platform)),
  )
  assert.ok(amd64 && arm64 && armv6 && armv7)
  const attestation = makeArtifact({ artifactType: 'a/b', blobs: [blobFromBytes(Buffer.from('{}'), 'a/c')] })
  const index = makeIndex([amd64, arm64, armv6, armv7, attestation], { annotations: { a: 'b' } })
  await validateContent(index)
  assert.equal(imageFor(index, parsePlatform('linux/arm/v8')), armv7)
  assert.throws(() => imageFor(index, parsePlatform('linux/riscv64')), { code: 'not-found' })
  assert.deepEqual(imagesOf(index), [amd64, arm64, armv6, armv7])
  const some = filterPlatforms(index, [parsePlatform('linux/arm64'), parsePlatform('linux/arm/v6')])
  assert.deepEqual(some.entries, [arm64, armv6, attestation])
  assert.deepEqual(some.index.annotations, { a: 'b' })
  assert.throws(() => filterPlatforms(index, [parsePlatform('linux/s390x')]), { code: 'not-found' })
  assert.equal(makeIndex([amd64], { format: 'docker' }).descriptor.mediaType, mediaTypes.dockerManifestList)
  // Nested, shared, and the parts before what is made of them.
  const nested = makeIndex([index, some])
  const digests = contentsOf(nested).map(({ digest }) => digest)
  assert.equal(new Set(digests).size, digests.length)
  assert.equal(digests.at(-1), nested.descriptor.digest)
  assert.equal(imageFor(makeIndex([amd64, makeIndex([arm64])]), parsePlatform('linux/arm64')), arm64)
})

test('attestations go with the image that they are about', async () => {
  const [a, b] = [await imageWith(['a'], 'linux/amd64'), await imageWith(['a'], 'linux/arm64')]
  const index = makeIndex([a, b, makeArtifact({ artifactType: 'x/y', blobs: [] })])
  const about = (digest: string) => ({ [annotationKeys.dockerReferenceDigest]: digest })
  const last = index.index.manifests[2] as (typeof index.index.manifests)[0]
  const platform = { os: 'unknown', architecture: 'unknown' }
  const manifests = [
    ...index.index.manifests.slice(0, 2),
    { ...last, platform, annotations: about(b.descriptor.digest) },
  ]
  const attested = { ...index, index: { ...index.index, manifests } }
  assert.deepEqual(filterPlatforms(attested, [parsePlatform('linux/amd64')]).entries.length, 1)
  assert.deepEqual(filterPlatforms(attested, [parsePlatform('linux/arm64')]).entries.length, 2)
})

test('an artifact is about something, and has a layer though it is empty', async () => {
  const image = await imageWith(['a'])
  const artifact = makeArtifact({ artifactType: 'text/x', blobs: [], subject: image.descriptor })
  assert.deepEqual(artifact.manifest.subject, {
    mediaType: image.descriptor.mediaType,
    digest: image.descriptor.digest,
    size: image.descriptor.size,
  })
  assert.equal(artifact.manifest.layers.length, 1)
  assert.equal(contentsOf(artifact).length, 2)
  await validateContent(artifact)
})

test('a base is put in place of another', async () => {
  const [old, fixed] = [await imageWith(['b1', 'b2']), annotate(await imageWith(['f1']), { x: 'y' })]
  let image = old
  for (const name of ['a1', 'a2']) image = appendLayer(image, await layerOf(name), { created_by: name })
  image = withRunConfig(image, { Cmd: ['a'] })
  const rebased = rebaseImage(image, old, fixed, { baseName: 'base:2' })
  await validateImage(rebased)
  const names = rebased.config.history?.map((entry) => entry.created_by)
  assert.deepEqual(names, ['f1', 'a1', 'a2'])
  assert.deepEqual(rebased.config.config, { Cmd: ['a'] })
  assert.deepEqual(rebased.manifest.annotations, {
    [annotationKeys.baseDigest]: fixed.descriptor.digest,
    [annotationKeys.baseName]: 'base:2',
  })
  assert.throws(() => rebaseImage(image, fixed, old), { code: 'failed-precondition', message: /not on top of/ })
  const foreign = await imageWith(['f1'], 'linux/arm64')
  assert.throws(() => rebaseImage(image, old, foreign), {
    code: 'failed-precondition',
    message: /linux\/arm64|linux\/amd64/,
  })
})

test('steps of the base without a layer go with it', async () => {
  const step = (created_by: string, empty_layer = true) => (empty_layer ? { created_by, empty_layer } : { created_by })
  const old = await imageWith(['b'], 'linux/amd64', [step('b', false), step('CMD')])
  const above = await imageWith(['b', 'a'], 'linux/amd64', [
    step('b', false),
    step('CMD'),
    step('ENV'),
    step('a', false),
  ])
  const history = rebaseImage(above, old, await imageWith(['n'])).config.history
  assert.deepEqual(
    history?.map((entry) => entry.created_by),
    ['n', 'ENV', 'a'],
  )
})

test('parts that contradict each other are found out', async () => {
  const image = await imageWith(['a'])
  const lying = layerFromBytes(Buffer.alloc(1024), mediaTypes.ociLayer, digestOf('other'))
  await assert.rejects(validateImage(appendLayer(emptyImage(), lying)), { code: 'data-loss', message: /diff id/ })
  const layer = image.layers[0] as Image['layers'][0]
  const swapped = { ...layer, open: () => blobFromBytes(Buffer.alloc(layer.descriptor.size), '').open() }
  await assert.rejects(validateImage({ ...image, layers: [swapped] }), { code: 'data-loss' })
  const short = { ...layer, open: () => blobFromBytes(Buffer.alloc(3), '').open() }
  await assert.rejects(validateImage({ ...image, layers: [short] }), { code: 'data-loss' })
  const config = { ...image.config, history: [{}, {}] }
  await assert.rejects(validateImage({ ...image, config }), { code: 'invalid-argument', message: /history/ })
  await assert.rejects(validateImage({ ...image, configBytes: Buffer.from('{}') }), { code: 'data-loss' })
  const index = makeIndex([image])
  const manifests = [{ ...image.descriptor, platform: { os: 'linux', architecture: 's390x' } }]
  await assert.rejects(validateContent({ ...index, index: { ...index.index, manifests } }), {
    code: 'invalid-argument',
    message: /says linux\/s390x .* linux\/amd64/,
  })
})

test('a layer that no one may unpack is found out', async () => {
  const tars = {
    'no tar': Buffer.alloc(1024, 'x'),
    'cut off': gunzipSync(await collect((await layerOf('a')).open())).subarray(0, 512),
  }
  for (const [what, tar] of Object.entries(tars)) {
    const layer = layerFromBytes(tar, mediaTypes.ociLayer, digestOf(tar))
    await assert.rejects(validateImage(appendLayer(emptyImage(), layer)), { code: 'invalid-argument' }, what)
  }
})

test('the same program makes the same image', async () => {
  const init = { program: Buffer.from('program'), name: 'hello', platform: parsePlatform('linux/amd64') }
  const [one, two] = [await buildProgramImage(init), await buildProgramImage(init)]
  await validateImage(one)
  assert.equal(one.descriptor.digest, two.descriptor.digest)
  assert.deepEqual(one.config.config, { Cmd: ['/hello'], WorkingDir: '/' })
})
