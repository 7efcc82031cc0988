// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { gunzipSync, zstdCompressSync } from 'node:zlib'
import { digestOf, mediaTypes, parsePlatform } from '@teu/oci-spec/image'
import { Parser } from 'tar'
import { imagesFromLayout, readIndex } from '../layout/read-layout.ts'
import { writeLayout } from '../layout/write-layout.ts'
import { imagesFromDockerArchive } from './docker-archive.ts'
import { appendLayer, emptyImage, openContent, withRunConfig } from './image.ts'
import { layerFromBytes, layerFromEntries } from './layer.ts'
import { buildProgramImage } from './program-image.ts'
import { type LayerEntry, writeTar } from './tar-writer.ts'
import { decompressed, validateImage } from './validate-image.ts'

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function listing(tar: Buffer): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = []
  const parser = new Parser({
    onReadEntry(entry) {
      const { path: name, type, mode, uid, size, linkpath = '' } = entry
      found.push({ name, type, mode, uid, size, linkpath })
      entry.resume()
    },
  })
  await new Promise<void>((resolve, reject) => parser.on('end', resolve).on('error', reject).end(tar))
  return found
}

test('a tar is what its entries say, and the same each time', async () => {
  const long = `${'dir/'.repeat(40)}é`
  const entries: LayerEntry[] = [
    { path: 'bin', type: 'directory' },
    { path: 'bin/sh', mode: 0o4755, uid: 3_000_000, content: Buffer.from('x'.repeat(600)) },
    { path: 'link', type: 'symlink', target: 't'.repeat(150) },
    { path: 'hard', type: 'hardlink', target: 'bin/sh' },
    { path: long, xattrs: { 'security.capability': Buffer.from([1, 0, 10]) } },
  ]
  const tar = await collect(writeTar(entries))
  assert.equal(tar.byteLength % 512, 0)
  assert.deepEqual(await collect(writeTar(entries)), tar)
  const [directory, file, link, hard, last] = await listing(tar)
  assert.deepEqual(directory, { name: 'bin/', type: 'Directory', mode: 0o755, uid: 0, size: 0, linkpath: '' })
  assert.deepEqual(
    { ...file, linkpath: '' },
    { name: 'bin/sh', type: 'File', mode: 0o4755, uid: 3_000_000, size: 600, linkpath: '' },
  )
  assert.deepEqual([link?.type, link?.linkpath], ['SymbolicLink', 't'.repeat(150)])
  assert.deepEqual([hard?.type, hard?.linkpath], ['Link', 'bin/sh'])
  assert.equal(last?.name, long)
  const value = Buffer.concat([
    Buffer.from('SCHILY.xattr.security.capability='),
    Buffer.from([1, 0, 10]),
    Buffer.from('\n'),
  ])
  assert.ok(tar.includes(value))
})

for (const bad of ['', '/a', '../a', 'a/../b', './a', 'a//b', 'a/', 'a\0b']) {
  test(`an entry named ${JSON.stringify(bad)} is refused`, async () => {
    await assert.rejects(collect(writeTar([{ path: bad }])), { code: 'invalid-argument', message: /no relative path/ })
  })
}

test('content of another length than announced is refused', async () => {
  const content = {
    size: 3,
    open: async function* () {
      yield Buffer.from('four')
    },
  }
  await assert.rejects(collect(writeTar([{ path: 'a', content }])), { code: 'data-loss' })
})

test('an image changes into another, and is valid', async () => {
  const layer = await layerFromEntries([{ path: 'a', content: Buffer.from('a') }])
  const base = emptyImage(parsePlatform('linux/arm/v7'))
  const image = withRunConfig(appendLayer(base, layer, { created_by: 'test' }), { Env: ['A=b'] })
  await validateImage(image)
  assert.deepEqual(base.layers, [])
  assert.deepEqual(image.config.rootfs.diff_ids, [digestOf(gunzipSync(await collect(layer.open())))])
  assert.deepEqual(image.descriptor.platform, { os: 'linux', architecture: 'arm', variant: 'v7' })
  assert.equal((await collect(openContent(image, image.descriptor.digest))).byteLength, image.descriptor.size)
  assert.throws(() => openContent(image, digestOf('none')), { code: 'not-found' })
})

test('a layer that does not have its diff id is found out', async () => {
  const layer = layerFromBytes(Buffer.from('tar'), mediaTypes.ociLayer, digestOf('other'))
  await assert.rejects(validateImage(appendLayer(emptyImage(), layer)), { code: 'data-loss', message: /diff id/ })
  const swapped = {
    ...layer,
    diffId: digestOf('tar'),
    open: () => layerFromBytes(Buffer.from('rat'), '', layer.diffId).open(),
  }
  await assert.rejects(validateImage(appendLayer(emptyImage(), swapped)), {
    code: 'data-loss',
    message: /content has digest/,
  })
})

test('compression is told by the first bytes', async () => {
  const zstd = zstdCompressSync(Buffer.from('hello'))
  const bytewise = async function* (bytes: Uint8Array) {
    for (const byte of bytes) yield Buffer.from([byte])
  }
  assert.equal((await collect(decompressed(bytewise(zstd)))).toString(), 'hello')
  assert.equal((await collect(decompressed(bytewise(Buffer.from('plain'))))).toString(), 'plain')
  assert.equal((await collect(decompressed(bytewise(Buffer.from('x'))))).toString(), 'x')
  assert.equal((await collect(decompressed(bytewise(Buffer.alloc(0))))).byteLength, 0)
  await assert.rejects(collect(decompressed(bytewise(zstd.subarray(0, -3)))))
})

test('the same program makes the same image', async () => {
  const init = { program: Buffer.from('program'), name: 'hello', platform: parsePlatform('linux/amd64') }
  const [one, two] = [await buildProgramImage(init), await buildProgramImage(init)]
  await validateImage(one)
  assert.equal(one.descriptor.digest, two.descriptor.digest)
  assert.deepEqual(one.config.config, { Cmd: ['/hello'], WorkingDir: '/' })
  assert.deepEqual(await listing(gunzipSync(await collect((one.layers[0] as (typeof one.layers)[0]).open()))), [
    { name: 'hello', type: 'File', mode: 0o755, uid: 0, size: 7, linkpath: '' },
  ])
})

async function inDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'teu-image-'))
  try {
    await body(directory)
  } finally {
    await rm(directory, { recursive: true })
  }
}

test('a layout keeps images by name', () =>
  inDirectory(async (directory) => {
    const build = (text: string) => buildProgramImage({ program: Buffer.from(text) })
    const [one, two, three] = [await build('1'), await build('2'), await build('3')]
    await assert.rejects(readIndex(directory), { code: 'not-found' })
    await writeLayout(directory, [one], { name: 'a' })
    await writeLayout(directory, [two], { name: 'b' })
    await writeLayout(directory, [three], { name: 'a', annotations: { x: 'y' } })
    const { manifests } = await readIndex(directory)
    assert.deepEqual(
      manifests.map(({ annotations }) => annotations?.['org.opencontainers.image.ref.name']),
      ['b', 'a'],
    )
    const [found] = await imagesFromLayout(directory, 'a')
    assert.equal(found?.descriptor.digest, three.descriptor.digest)
    await validateImage(found as typeof one)
    await assert.rejects(imagesFromLayout(directory, 'c'), { code: 'not-found' })
    await writeFile(path.join(directory, 'blobs/sha256', two.descriptor.digest.slice(7)), 'x')
    await assert.rejects(imagesFromLayout(directory, 'b'), { code: 'data-loss' })
  }))

test('a docker archive is read, and a broken one refused', () =>
  inDirectory(async (directory) => {
    const file = path.join(directory, 'a.tar')
    const layer = await collect(writeTar([{ path: 'a', content: Buffer.from('a') }]))
    const config = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [digestOf(layer)] } }
    const archive = async (change: object, more: LayerEntry[] = []) =>
      writeFile(
        file,
        await collect(
          writeTar([
            { path: 'l/layer.tar', content: layer },
            { path: 'old/layer.tar', type: 'symlink', target: '../l/layer.tar' },
            { path: 'c.json', content: Buffer.from(JSON.stringify(config)) },
            ...more,
            {
              path: 'manifest.json',
              content: Buffer.from(
                JSON.stringify([{ Config: 'c.json', RepoTags: ['a:1'], Layers: ['l/layer.tar'], ...change }]),
              ),
            },
          ]),
        ),
      )
    for (const layers of [['l/layer.tar'], ['old/layer.tar']]) {
      await archive({ Layers: layers })
      const [found] = await imagesFromDockerArchive(file)
      assert.deepEqual(found?.names, ['a:1'])
      await validateImage(found?.image as NonNullable<typeof found>['image'])
    }
    for (const change of [
      { Config: '../../etc/passwd' },
      { Layers: ['none'] },
      { Layers: [] },
      { Layers: 'x' },
      { RepoTags: [5] },
    ]) {
      await archive(change)
      await assert.rejects(imagesFromDockerArchive(file), { code: 'invalid-argument' })
    }
    await writeFile(file, Buffer.alloc(1024, 'x'))
    await assert.rejects(imagesFromDockerArchive(file), { code: 'invalid-argument', message: /invalid tar header/ })
  }))
