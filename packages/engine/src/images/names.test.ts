// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { digestOf, type ImageConfig, mediaTypes } from '@teu/oci-spec/image'
import { processorTime } from '../../../../scripts/processor-time.mjs'
import { historyView, inspectView, summaryView } from './image-views.ts'
import { filterImages } from './list-filters.ts'
import type { LoadedImage } from './loaded-image.ts'
import { findImage, repoDigest, repoTag, requireImage } from './names.ts'

function image(name: string, seed: string, extra: Partial<ImageConfig> = {}): LoadedImage {
  const descriptor = (text: string, mediaType: string) => ({ mediaType, digest: digestOf(text), size: text.length })
  const config: ImageConfig = {
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [digestOf(`diff ${seed}`)] },
    ...extra,
  }
  const target = descriptor(`manifest ${seed}`, mediaTypes.ociManifest)
  const manifest = {
    schemaVersion: 2 as const,
    config: descriptor(`config ${seed}`, mediaTypes.ociConfig),
    layers: [descriptor(`layer ${seed}`, mediaTypes.ociLayerGzip)],
  }
  const id = manifest.config.digest
  const times = { createdAt: new Date(0), updatedAt: new Date(1000) }
  return {
    name,
    target,
    manifestDescriptor: target,
    manifest,
    config,
    id,
    chainId: digestOf(`diff ${seed}`),
    labels: {},
    ...times,
  }
}

const busybox = image('docker.io/library/busybox:latest', 'busybox', { created: '2024-01-01T00:00:00Z' })
const other = image('localhost:5000/team/app:v1', 'app', {
  created: '2024-06-01T00:00:00Z',
  config: { Labels: { a: '1', b: 'x=y' } },
})
const pinned = image(`docker.io/library/pinned@${digestOf('manifest pinned')}`, 'pinned')
const dangling = image(`moby-dangling@${digestOf('manifest gone')}`, 'gone', { created: '2023-01-01T00:00:00Z' })
const all = [busybox, image('docker.io/library/bb:1', 'busybox'), other, pinned, dangling]

const found: [string, LoadedImage, boolean][] = [
  ['busybox', busybox, false],
  ['busybox:latest', busybox, false],
  ['docker.io/library/busybox', busybox, false],
  ['index.docker.io/busybox', busybox, false],
  [`busybox@${busybox.target.digest}`, busybox, false],
  [`busybox:latest@${busybox.target.digest}`, busybox, false],
  ['localhost:5000/team/app:v1', other, false],
  [`pinned@${pinned.target.digest}`, pinned, false],
  [other.id, other, true],
  [other.id.slice(7), other, true],
  [other.id.slice(7, 19), other, true],
  [other.id.slice(0, 15), other, true],
  [other.target.digest, other, true],
  [dangling.id.slice(7, 19), dangling, true],
]

for (const [reference, expected, byId] of found) {
  test(`${reference} is found`, () => {
    const result = findImage(reference, all)
    assert.equal(result?.image.id, expected.id)
    assert.equal(result?.byId, byId)
  })
}

test('what is not there, or not clear', () => {
  for (const reference of [
    'busybox:2',
    'team/app:v1',
    'localhost:5000/team/app',
    '0123abcdef',
    `busybox@${digestOf('x')}`,
  ]) {
    assert.equal(findImage(reference, all), undefined, reference)
  }
  assert.throws(() => requireImage('nothing', all), { code: 'not-found', message: 'No such image: nothing:latest' })
  assert.throws(() => requireImage('sha256:0000', all), { message: 'No such image: sha256:0000' })
  for (const reference of ['', 'UPPER', 'a//b', '../x', 'x:..', 'sha256:../../x', 'a b']) {
    assert.throws(() => findImage(reference, all), { code: 'invalid-argument' }, reference)
  }
  const twins = [image('a:1', 'n1'), image('b:1', 'n2')]
  const hex = (one: LoadedImage) => one.id.slice(7)
  const [first, second] = twins as [LoadedImage, LoadedImage]
  const clash = { ...second, id: `sha256:${hex(first).slice(0, 20)}${hex(second).slice(20)}` as LoadedImage['id'] }
  assert.throws(() => findImage(hex(first).slice(0, 12), [first, clash]), {
    code: 'invalid-argument',
    message: /is ambiguous/,
  })
})

test('a long adversarial reference is refused at once', () => {
  for (const text of ['a'.repeat(65536), 'a/'.repeat(30000), 'a.-'.repeat(20000), '@'.repeat(65536)]) {
    const time = processorTime(() => assert.throws(() => findImage(text, all), { code: 'invalid-argument' }))
    assert.ok(time < 50_000, `${time} µs`)
  }
})

test('names for people', () => {
  assert.deepEqual(all.map(repoTag), ['busybox:latest', 'bb:1', 'localhost:5000/team/app:v1', undefined, undefined])
  assert.equal(repoDigest(busybox), `busybox@${busybox.target.digest}`)
  assert.equal(repoDigest(dangling), undefined)
})

test('filters', () => {
  const names = (filters: Record<string, string[]>) => filterImages(all, filters).map(({ name }) => name)
  assert.deepEqual(names({ dangling: ['true'] }), [pinned.name, dangling.name])
  assert.deepEqual(names({ reference: ['busy*'] }), [busybox.name])
  assert.deepEqual(names({ reference: ['localhost:5000/*/app'] }), [other.name])
  assert.deepEqual(names({ label: ['a'] }), [other.name])
  assert.deepEqual(names({ label: ['a=1', 'b=x=y'] }), [other.name])
  assert.deepEqual(names({ label: ['a=2'] }), [])
  assert.deepEqual(names({ before: ['busybox'], since: [dangling.id] }), [])
  assert.deepEqual(names({ since: ['busybox'] }), [other.name])
  assert.deepEqual(names({ until: ['2023-06-01T00:00:00Z'], dangling: ['true'] }), [pinned.name, dangling.name])
  assert.throws(() => names({ what: ['x'] }), { code: 'invalid-argument', message: "invalid filter 'what'" })
  assert.throws(() => names({ dangling: ['maybe'] }), { code: 'invalid-argument' })
  assert.throws(() => names({ before: ['nothing'] }), { code: 'not-found' })
})

test('views of several names of one image', () => {
  const names = all.slice(0, 2)
  const row = summaryView(names, 2)
  assert.deepEqual(row.RepoTags, ['busybox:latest', 'bb:1'])
  assert.equal(row.Created, 1704067200)
  assert.equal(row.Size, 'config busybox'.length + 'layer busybox'.length)
  const inspect = inspectView(names, 'overlayfs')
  assert.deepEqual(inspect.RootFS, { Type: 'layers', Layers: [digestOf('diff busybox')] })
  assert.equal(inspect.Metadata.LastTagTime, '1970-01-01T00:00:01.000Z')
  const history = [
    { created_by: 'empty', empty_layer: true },
    { created_by: 'layer', comment: 'c' },
  ]
  const [top, bottom] = historyView([image('x:1', 'x', { history })])
  assert.deepEqual([top?.CreatedBy, top?.Size, top?.Tags, top?.Comment], ['layer', 'layer x'.length, ['x:1'], 'c'])
  assert.deepEqual([bottom?.Id, bottom?.Size, bottom?.Tags], ['<missing>', 0, null])
})
