// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { digestOf } from '@teu/oci-spec/image'
import { appendLayer, emptyImage, type Image } from '../image.ts'
import { layerFromEntries } from '../layer/layer.ts'
import { type LayerEntry, writeTar } from '../layer/tar-writer.ts'
import { validateImage } from '../validate-image.ts'
import { imagesFromDockerArchive } from './read-docker-archive.ts'
import { openTarFile } from './tar-file.ts'
import { writeDockerArchive } from './write-docker-archive.ts'

const collect = async (source: AsyncIterable<Uint8Array>) => Buffer.concat(await Array.fromAsync(source))

async function inDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'teu-archive-'))
  try {
    await body(directory)
  } finally {
    await rm(directory, { recursive: true })
  }
}

const layerTar = await collect(writeTar([{ path: 'a', content: Buffer.from('a'.repeat(2000)) }]))
const config = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [digestOf(layerTar)] } }

/** An archive as docker made them, with something changed. */
function archiveOf(change: object, layer: Uint8Array = layerTar, more: LayerEntry[] = []): Promise<Buffer> {
  const manifest = [{ Config: 'c.json', RepoTags: ['a:1'], Layers: ['l/layer.tar'], ...change }]
  return collect(
    writeTar([
      { path: 'l', type: 'directory' },
      { path: 'l/layer.tar', content: layer },
      { path: 'old/layer.tar', type: 'symlink', target: '../l/layer.tar' },
      { path: 'older/layer.tar', type: 'symlink', target: '/old/layer.tar' },
      { path: 'hard/layer.tar', type: 'hardlink', target: 'l/layer.tar' },
      { path: 'loop', type: 'symlink', target: 'loop' },
      { path: 'c.json', content: Buffer.from(JSON.stringify(config)) },
      ...more,
      { path: 'manifest.json', content: Buffer.from(JSON.stringify(manifest)) },
    ]),
  )
}

test('an archive is read, links of it and compression of all of it included', () =>
  inDirectory(async (directory) => {
    const file = path.join(directory, 'a.tar')
    for (const name of ['l/layer.tar', 'old/layer.tar', 'older/layer.tar', 'hard/layer.tar', './l/layer.tar']) {
      const bytes = await archiveOf({ Layers: [name] })
      for (const stored of [bytes, gzipSync(bytes), zstdCompressSync(bytes)]) {
        await writeFile(file, stored)
        const [found] = await imagesFromDockerArchive(file)
        assert.deepEqual(found?.names, ['a:1'])
        await validateImage(found?.image as Image)
      }
    }
  }))

test('layers may be compressed, and are held to their diff ids', () =>
  inDirectory(async (directory) => {
    const file = path.join(directory, 'a.tar')
    await writeFile(file, await archiveOf({}, gzipSync(layerTar)))
    const [found] = await imagesFromDockerArchive(file)
    assert.match(found?.image.layers[0]?.descriptor.mediaType ?? '', /gzip$/)
    await validateImage(found?.image as Image)
    await writeFile(file, await archiveOf({}, Buffer.concat([layerTar, Buffer.alloc(512)])))
    const [wrong] = await imagesFromDockerArchive(file)
    const reading = Array.fromAsync(wrong?.image.layers[0]?.open() ?? [])
    await assert.rejects(reading, { code: 'data-loss', message: /diff id/ })
    await assert.rejects(validateImage(wrong?.image as Image), { code: 'data-loss' })
    await writeFile(file, await archiveOf({}, gzipSync(Buffer.concat([layerTar, Buffer.alloc(512)]))))
    await assert.rejects(imagesFromDockerArchive(file), { code: 'data-loss', message: /diff id/ })
  }))

const wrong: object[] = [
  { Config: '../../etc/passwd' },
  { Config: '/etc/passwd' },
  { Config: 'l' },
  { Layers: ['none'] },
  { Layers: ['loop'] },
  { Layers: [] },
  { Layers: 'x' },
  { Layers: [5] },
  { RepoTags: [5] },
  { Config: null },
]
for (const change of wrong) {
  test(`an archive with ${JSON.stringify(change)} is refused`, () =>
    inDirectory(async (directory) => {
      const file = path.join(directory, 'a.tar')
      await writeFile(file, await archiveOf(change))
      await assert.rejects(imagesFromDockerArchive(file), { code: 'invalid-argument' })
    }))
}

test('what is no archive is refused, whatever it is', () =>
  inDirectory(async (directory) => {
    const file = path.join(directory, 'a.tar')
    const whole = await archiveOf({})
    const bad = [Buffer.alloc(1024, 'x'), whole.subarray(0, 700), gzipSync(whole).subarray(0, 100), Buffer.from('{}')]
    for (const bytes of bad) {
      await writeFile(file, bytes)
      await assert.rejects(imagesFromDockerArchive(file), { code: 'invalid-argument', message: /a\.tar/ })
    }
    await writeFile(file, '')
    await assert.rejects(imagesFromDockerArchive(file), { code: 'invalid-argument', message: /manifest\.json/ })
    await assert.rejects(imagesFromDockerArchive(path.join(directory, 'none')), { code: 'not-found' })
  }))

test('what is written is read, shares its layers, and is the same each time', () =>
  inDirectory(async (directory) => {
    const shared = appendLayer(emptyImage(), await layerFromEntries([{ path: 'shared', content: Buffer.alloc(5000) }]))
    const one = appendLayer(shared, await layerFromEntries([{ path: 'one' }], { compression: 'zstd' }))
    const images = [
      { image: one, names: ['one:1', 'one:2'] },
      { image: shared, names: [] },
    ]
    const [first, second] = [path.join(directory, '1.tar'), path.join(directory, '2.tar')]
    await writeDockerArchive(first, images)
    await writeDockerArchive(second, images)
    assert.deepEqual(await readFile(first), await readFile(second))
    const archive = await openTarFile(first)
    assert.equal(archive.names().filter((name) => name.endsWith('.tar')).length, 2)
    const found = await imagesFromDockerArchive(first)
    assert.deepEqual(
      found.map(({ names }) => names),
      [['one:1', 'one:2'], []],
    )
    for (const [i, { image }] of found.entries()) {
      await validateImage(image)
      assert.deepEqual(image.config.rootfs, images[i]?.image.config.rootfs)
    }
    const [, layer] = one.layers
    const tar = await collect(archive.open(`${layer?.diffId.slice(7)}.tar`))
    assert.equal(digestOf(tar), layer?.diffId)
  }))

test('an archive that cannot be written leaves nothing', () =>
  inDirectory(async (directory) => {
    const file = path.join(directory, 'a.tar')
    const layer = await layerFromEntries([{ path: 'a' }])
    const lying = appendLayer(emptyImage(), { ...layer, diffId: digestOf('x') })
    await assert.rejects(writeDockerArchive(file, [{ image: lying, names: [] }]), { code: 'data-loss' })
    const image = appendLayer(emptyImage(), layer)
    const twice = [image, image].map((one) => ({ image: one, names: ['a'] }))
    await assert.rejects(writeDockerArchive(file, twice), { code: 'invalid-argument', message: /"a"/ })
    await assert.rejects(writeDockerArchive(file, []), { code: 'invalid-argument' })
    assert.deepEqual(await readdir(directory), [])
  }))

test('any part of a file is read, from a compressed archive too', () =>
  inDirectory(async (directory) => {
    const content = Buffer.from(Array.from({ length: 3000 }, (_, i) => i % 256))
    const tar = await collect(
      writeTar([
        { path: 'x', content: Buffer.alloc(700) },
        { path: 'y', content },
      ]),
    )
    for (const [name, bytes] of [
      ['plain', tar],
      ['gzip', gzipSync(tar)],
    ] as const) {
      const file = path.join(directory, name)
      await writeFile(file, bytes)
      const archive = await openTarFile(file)
      for (const offset of [0, 1, 511, 2999, 3000, 5000])
        assert.deepEqual(await collect(archive.open('y', offset)), content.subarray(offset), `${name} ${offset}`)
      await assert.rejects(archive.read('y', 2999), { code: 'resource-exhausted' })
    }
    assert.ok(gunzipSync(gzipSync(tar)).equals(tar))
  }))
