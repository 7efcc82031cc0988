// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { digestOf } from './digest.ts'
import { mediaTypes } from './media-types.ts'
import { parseImageConfig, parseManifest } from './parse-manifest.ts'
import { checkLayerCount, maximumManifestSize } from './validate.ts'

const bytes = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
const config = { mediaType: mediaTypes.ociConfig, digest: digestOf('{}'), size: 2 }
const layer = { mediaType: mediaTypes.ociLayerGzip, digest: digestOf('layer'), size: 5 }
const manifest = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [layer] }
const index = { schemaVersion: 2, manifests: [{ ...layer, mediaType: mediaTypes.ociManifest }] }

test('a manifest and an index are told apart', () => {
  assert.equal(parseManifest(bytes(manifest)).kind, 'manifest')
  assert.equal(parseManifest(bytes(index)).mediaType, mediaTypes.ociIndex)
  const { mediaType: _, ...untyped } = manifest
  assert.equal(parseManifest(bytes(untyped), mediaTypes.dockerManifest).mediaType, mediaTypes.dockerManifest)
  assert.equal(parseManifest(bytes(manifest), 'application/json').mediaType, mediaTypes.ociManifest)
})

const refused: [what: string, body: unknown, announced: string | undefined, message: RegExp][] = [
  ['manifests beside layers', { ...manifest, manifests: [] }, undefined, /ambiguous manifest: has manifests/],
  ['layers in an index', { ...index, layers: [] }, undefined, /ambiguous manifest: has layers/],
  ['a config in an index', { ...index, config }, undefined, /ambiguous manifest: has config/],
  ['fsLayers in a manifest', { ...manifest, fsLayers: [] }, undefined, /ambiguous manifest: has fsLayers/],
  ['another spelling of a key', { ...manifest, Manifests: [] }, undefined, /ambiguous manifest: has "Manifests"/],
  [
    'an index announced as a manifest',
    { ...index, mediaType: mediaTypes.ociIndex },
    mediaTypes.ociManifest,
    /not the announced/,
  ],
  ['a manifest announced as an index', manifest, mediaTypes.ociIndex, /not the announced/],
  ['an untyped index announced as a manifest', index, mediaTypes.ociManifest, /ambiguous manifest: has manifests/],
  ['schema 1', { schemaVersion: 1, fsLayers: [] }, undefined, /schema 1 manifests are not supported/],
  ['schema 1 by its type', {}, mediaTypes.dockerSchema1Signed, /schema 1 manifests are not supported/],
  ['an unknown type', { ...manifest, mediaType: 'a/b' }, undefined, /unsupported manifest media type "a\/b"/],
  ['schemaVersion 1', { ...manifest, schemaVersion: 1 }, undefined, /^schemaVersion: must be 2/],
  ['no config', { schemaVersion: 2, layers: [] }, undefined, /^config: is missing/],
  ['layers of no descriptors', { ...manifest, layers: ['x'] }, undefined, /^layers\[0\]: must be an object/],
  [
    'an upper-case digest',
    { ...manifest, config: { ...config, digest: config.digest.toUpperCase() } },
    undefined,
    /^config\.digest: /,
  ],
  [
    'a digest with a path',
    { ...manifest, config: { ...config, digest: 'sha256:../../x' } },
    undefined,
    /^config\.digest: /,
  ],
  ['a negative size', { ...manifest, layers: [{ ...layer, size: -1 }] }, undefined, /^layers\[0\]\.size: /],
  ['a size of 2^63', { ...manifest, layers: [{ ...layer, size: 2 ** 63 }] }, undefined, /^layers\[0\]\.size: /],
  ['a list', [], undefined, /not a JSON object/],
  ['null', null, undefined, /not a JSON object/],
  ['no JSON', '{', undefined, /is not JSON/],
  ['nothing', '', undefined, /is not JSON/],
  ['a byte order mark', `\ufeff${JSON.stringify(manifest)}`, undefined, /is not JSON/],
]

for (const [what, body, announced, message] of refused) {
  test(`refuses ${what}`, () => {
    assert.throws(() => parseManifest(bytes(body), announced), { code: 'invalid-argument', message })
  })
}

test('4 MiB is the limit', () => {
  const text = JSON.stringify(manifest)
  const padded = text.padEnd(maximumManifestSize, ' ')
  assert.equal(parseManifest(bytes(padded)).kind, 'manifest')
  assert.throws(() => parseManifest(bytes(`${padded} `)), { code: 'resource-exhausted' })
})

test('a configuration keeps what Docker adds', () => {
  const value = {
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: ['sh'], Labels: null, ExposedPorts: { '80/tcp': {} }, Volumes: { '/data': null } },
    rootfs: { type: 'layers', diff_ids: [digestOf('a')] },
    docker_version: '20.10',
  }
  const parsed = parseImageConfig(bytes(value))
  assert.deepEqual(parsed.config, { Cmd: ['sh'], ExposedPorts: { '80/tcp': {} }, Volumes: { '/data': {} } })
  assert.equal((parsed as unknown as { docker_version: string }).docker_version, '20.10')
  assert.deepEqual(
    parseImageConfig(bytes({ ...value, rootfs: { type: 'layers', diff_ids: null } })).rootfs.diff_ids,
    [],
  )
})

test('a configuration of another number of layers is refused', () => {
  const parsed = parseImageConfig(bytes({ architecture: '', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } }))
  const image = parseManifest(bytes(manifest))
  assert.ok(image.kind === 'manifest')
  assert.throws(() => checkLayerCount(parsed, image.manifest), { code: 'invalid-argument' })
})

const badConfigs: [string, unknown, RegExp][] = [
  ['rootfs of another type', { rootfs: { type: 'layer', diff_ids: [] } }, /^rootfs\.type: unknown value "layer"/],
  ['no rootfs', { rootfs: undefined }, /^rootfs: is missing/],
  ['a diff id of no digest', { rootfs: { type: 'layers', diff_ids: ['x'] } }, /^rootfs\.diff_ids\[0\]: /],
  ['Env as a string', { config: { Env: 'A=b' } }, /^config\.Env: must be a list/],
  ['Labels as a list', { config: { Labels: ['a'] } }, /^config\.Labels: must be an object/],
  ['history of numbers', { history: [1] }, /^history\[0\]: must be an object/],
]

for (const [what, change, message] of badConfigs) {
  test(`refuses a configuration with ${what}`, () => {
    const value = {
      architecture: 'amd64',
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: [] },
      ...(change as object),
    }
    assert.throws(() => parseImageConfig(bytes(value)), { code: 'invalid-argument', message })
  })
}
