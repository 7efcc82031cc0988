// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { readTar } from '../src/images/archive/read-tar.ts'
import { bytesOf, ImageBench, lines, memoryRegistry } from './image-bench.ts'
import { cannotRun } from './original-containerd.ts'
import { layerTar, type SampleImage, sampleImage } from './sample-image.ts'

const one = sampleImage([[{ name: 'one', content: 'one' }]])
const two = sampleImage([[{ name: 'one', content: 'one' }], [{ name: 'two', content: 'two' }]])
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`

/** The files of an OCI layout of one image, with an index of the test's own. */
function layout(image: SampleImage, index: string) {
  return [
    ...[...image.blobs].map(([digest, content]) => ({ name: `blobs/${digest.replace(':', '/')}`, content })),
    { name: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
    { name: 'index.json', content: index },
  ]
}

describe('archives of images', { skip: cannotRun() }, () => {
  let bench: ImageBench

  before(async () => {
    bench = await ImageBench.start()
  })

  after(() => bench?.[Symbol.asyncDispose]())

  async function documents(archive: AsyncIterable<Uint8Array>): Promise<Map<string, unknown>> {
    const found = new Map<string, unknown>()
    for await (const { path, body } of readTar(archive)) {
      const chunks = await Array.fromAsync(body)
      if (path.endsWith('.json')) found.set(path, JSON.parse(Buffer.concat(chunks).toString()))
    }
    return found
  }

  test('a name without tag saves all its tags, each image once; a name that is only an id none', async () => {
    const { openRegistry } = memoryRegistry({ v1: one, v2: two })
    const images = bench.service('save', { openRegistry })
    await lines(images.pull({ reference: 'team/app', all: true }))
    await images.tag('team/app:v1', 'team/app', 'same')
    await images.tag('team/app:v1', 'team/app-other', undefined)
    const tagsIn = async (...names: string[]) => {
      const entries = (await documents(await images.save(names))).get('manifest.json') as { RepoTags: string[] }[]
      return entries.map(({ RepoTags }) => RepoTags.toSorted()).toSorted()
    }
    assert.deepEqual(await tagsIn('team/app'), [['team/app:same', 'team/app:v1'], ['team/app:v2']])
    assert.deepEqual(await tagsIn('team/app', 'team/app:v1'), [['team/app:same', 'team/app:v1'], ['team/app:v2']])
    assert.deepEqual(await tagsIn('team/app:v1'), [['team/app:v1']])
    const { id } = await images.resolve('team/app:v2')
    assert.deepEqual(await tagsIn(id.slice(7, 19)), [[]])
    await assert.rejects(images.save(['team/none']), { message: 'No such image: team/none:latest' })
  })

  test('a name that would read as an id is refused', async () => {
    const images = bench.service('names', { openRegistry: memoryRegistry({ foo: one, v1: one }).openRegistry })
    await lines(images.pull({ reference: 'app:v1' }))
    const refusal = {
      code: 'invalid-argument',
      message: 'refusing to create an ambiguous tag using digest algorithm as name',
    }
    await assert.rejects(images.tag('app:v1', 'sha256', 'foo'), refusal)
    await assert.rejects(images.tag('no-such', 'sha256:foo', undefined), refusal)
    await assert.rejects(lines(images.pull({ reference: 'sha256:foo' })), refusal)
    const index = JSON.stringify({
      schemaVersion: 2,
      manifests: [{ ...one.root, annotations: { 'io.containerd.image.name': 'docker.io/library/sha256:foo' } }],
    })
    await assert.rejects(lines(images.load(bytesOf(layerTar(layout(one, index))))), refusal)
    assert.deepEqual(
      (await images.list()).map(({ RepoTags }) => RepoTags),
      [['app:v1']],
    )
  })

  test('an index that does not say its schema version is read', async () => {
    const images = bench.service('schema')
    const annotations = { 'io.containerd.image.name': 'docker.io/library/app:v1' }
    const index = JSON.stringify({ manifests: [{ ...one.root, annotations }] })
    const messages = await lines(images.load(bytesOf(layerTar(layout(one, index))), { quiet: true }))
    assert.deepEqual(messages, [{ stream: 'Loaded image: app:v1\n' }])
  })

  test('an archive that is none is refused by what is wrong with it', async () => {
    const images = bench.service('bad')
    const entry = { Config: 'c.json', RepoTags: [], Layers: [] }
    const config = (ids: string[]) =>
      JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: ids } })
    const docker = (manifest: unknown, content = config([])) =>
      layerTar([
        { name: 'c.json', content },
        { name: 'manifest.json', content: typeof manifest === 'string' ? manifest : JSON.stringify(manifest) },
      ])
    const refusals: [Uint8Array, RegExp][] = [
      [Buffer.alloc(0), /^invalid archive: does not contain a manifest\.json$/],
      [layerTar([{ name: 'x', content: 'x' }]), /^invalid archive: does not contain a manifest\.json$/],
      [Buffer.from('x'.repeat(2000)), /^archive\/tar: invalid tar header/],
      [gzipSync('x'.repeat(2000)), /^archive\/tar: invalid tar header/],
      [gzipSync('x'.repeat(2000)).subarray(0, 12), /^invalid tar archive: unexpected end of file/],
      [docker([entry]).subarray(0, 550), /^archive\/tar: unexpected EOF$/],
      [docker('{'), /^invalid archive: manifest\.json is not JSON$/],
      [docker('null'), /^invalid manifest, manifest cannot be null \(but can be \[\]\)$/],
      [docker('{}'), /^invalid archive: manifest\.json is not a list$/],
      [docker('[null]'), /^invalid archive: manifest\.json names no config$/],
      [docker([{ ...entry, Config: 'absent' }]), /^invalid archive: it has no file absent$/],
      [docker([{ ...entry, RepoTags: ['UPPER'] }]), /invalid reference format/],
      [docker([entry], config([one.root.digest])), /^invalid manifest, layers length mismatch: expected 0, got 1$/],
      [docker(Array(1001).fill(entry)), /^invalid archive: manifest\.json has more than 1000 images$/],
      [docker(`[${'1,'.repeat(70_000)}1]`), /^invalid archive: manifest\.json has more than 65536 values$/],
      [docker(nested(2_000_000)), /^invalid archive: manifest\.json is nested deeper than 64$/],
      [docker([entry], nested(2_000_000)), /^image configuration is nested deeper than 64$/],
      [layerTar(layout(one, nested(2_000_000))), /^invalid archive: index\.json is nested deeper than 64$/],
      [layerTar(layout(one, '[]')), /^invalid archive: index\.json is no index$/],
      [layerTar(layout(one, '{"manifests":[{}]}')), /manifests\[0\]/],
    ]
    for (const [archive, message] of refusals) {
      await assert.rejects(lines(images.load(bytesOf(archive), { quiet: true })), { message }, String(message))
    }
    assert.deepEqual(await images.list(), [])
    assert.deepEqual(await lines(images.load(bytesOf(docker([])), { quiet: true })), [])
  })

  test('sizes: a layer that two images have is shared, and counts once for all', async () => {
    const images = bench.service('sizes', { openRegistry: memoryRegistry({ v1: one, v2: two }).openRegistry })
    await lines(images.pull({ reference: 'app', all: true }))
    const { images: rows, layersSize } = await images.usage()
    const layer = one.layers[0]?.size ?? 0
    assert.deepEqual(
      rows.map(({ SharedSize }) => SharedSize),
      [layer, layer],
    )
    assert.equal(layersSize, rows.reduce((sum, { Size }) => sum + Size, 0) - layer)
    assert.deepEqual(
      (await images.list()).map(({ SharedSize }) => SharedSize),
      [-1, -1],
    )
  })
})
