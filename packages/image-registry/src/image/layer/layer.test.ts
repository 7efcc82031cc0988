// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { appendFile, chmod, mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { TarParser } from '@teu/oci-spec/archive'
import { digestOf, mediaTypes } from '@teu/oci-spec/image'
import { entriesOfDirectory, layerFromDirectory } from './directory-layer.ts'
import { layerFromEntries, layerFromStored, layerFromTar, recompressLayer } from './layer.ts'

const collect = async (source: AsyncIterable<Uint8Array>) => Buffer.concat(await Array.fromAsync(source))

async function inDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'teu-layer-'))
  try {
    await body(directory)
  } finally {
    await rm(directory, { recursive: true })
  }
}

function namesOf(tar: Uint8Array): string[] {
  const names: string[] = []
  const parser = new TarParser({ entry: ({ name }) => void names.push(name), data: () => {}, end: () => {} })
  parser.push(tar)
  parser.finish()
  return names
}

const entries = [{ path: 'a', content: Buffer.from('a'.repeat(3000)) }]

test('a layer is what it says, however it is stored', async () => {
  const plain = await layerFromEntries(entries, { compression: 'none' })
  const gzip = await layerFromEntries(entries)
  const zstd = await layerFromEntries(entries, { compression: 'zstd', level: 10 })
  assert.deepEqual(
    [plain, gzip, zstd].map(({ descriptor }) => descriptor.mediaType),
    [mediaTypes.ociLayer, mediaTypes.ociLayerGzip, mediaTypes.ociLayerZstd],
  )
  const tar = await collect(plain.open())
  assert.deepEqual(gunzipSync(await collect(gzip.open())), tar)
  assert.deepEqual(zstdDecompressSync(await collect(zstd.open())), tar)
  for (const layer of [plain, gzip, zstd, await recompressLayer(zstd, { compression: 'gzip' })]) {
    const bytes = await collect(layer.open())
    assert.deepEqual([digestOf(bytes), bytes.length], [layer.descriptor.digest, layer.descriptor.size])
    assert.equal(layer.diffId, digestOf(tar))
  }
})

test('what is stored is taken as it is', async () => {
  const tar = Buffer.from('tar '.repeat(1000))
  for (const [bytes, mediaType] of [
    [tar, mediaTypes.ociLayer],
    [gzipSync(tar), mediaTypes.ociLayerGzip],
    [zstdCompressSync(tar), mediaTypes.ociLayerZstd],
  ] as const) {
    const layer = await layerFromStored(async function* () {
      yield bytes.subarray(0, 5)
      yield bytes.subarray(5)
    })
    assert.deepEqual(layer.descriptor, { mediaType, digest: digestOf(bytes), size: bytes.length })
    assert.equal(layer.diffId, digestOf(tar))
  }
  const cut = gzipSync(tar).subarray(0, -1)
  await assert.rejects(
    layerFromStored(() => layerOfBytes(cut)),
    { code: 'data-loss' },
  )
})

async function* layerOfBytes(bytes: Uint8Array) {
  yield bytes
}

test('a layer that is kept is compressed once', () =>
  inDirectory(async (directory) => {
    let opened = 0
    const open = () => {
      opened++
      return layerOfBytes(Buffer.from('tar'))
    }
    const layer = await layerFromTar(open, { keepIn: path.join(directory, 'kept') })
    for (let i = 0; i < 3; i++) assert.equal(digestOf(await collect(layer.open())), layer.descriptor.digest)
    assert.equal(opened, 1)
    assert.deepEqual(await readdir(path.join(directory, 'kept')), [layer.descriptor.digest.slice(7)])
    const failing = async function* () {
      yield Buffer.from('x')
      throw new RangeError('broke')
    }
    await assert.rejects(layerFromTar(failing, { keepIn: path.join(directory, 'failed') }), RangeError)
    assert.deepEqual(await readdir(path.join(directory, 'failed')), [])
  }))

/** Some files of all kinds, made in the given order. */
async function makeTree(root: string, order: readonly string[]): Promise<void> {
  await mkdir(path.join(root, 'lib'), { recursive: true })
  for (const name of order) await writeFile(path.join(root, name), name)
  await chmod(path.join(root, 'run.sh'), 0o775)
  await chmod(path.join(root, 'z'), 0o660)
  await symlink('lib/b', path.join(root, 'link'))
  await symlink('/nowhere', path.join(root, 'dangling'))
}

test('the same files make the same layer, wherever and whenever', () =>
  inDirectory(async (directory) => {
    const [one, two] = [path.join(directory, 'one'), path.join(directory, 'two')]
    const names = ['lib/b', 'lib/a', 'z', 'run.sh', 'B', 'é']
    await makeTree(one, names)
    await makeTree(two, [...names].reverse())
    await utimes(path.join(two, 'z'), 1000, 1000)
    await chmod(path.join(two, 'z'), 0o600)
    const [a, b] = [
      await layerFromDirectory(one, { prefix: '/srv/app' }),
      await layerFromDirectory(two, { prefix: 'srv/app/' }),
    ]
    assert.equal(a.descriptor.digest, b.descriptor.digest)
    assert.deepEqual(namesOf(gunzipSync(await collect(a.open()))), [
      'srv/',
      'srv/app/',
      ...['B', 'dangling', 'lib/', 'lib/a', 'lib/b', 'link', 'run.sh', 'z', 'é'].map((name) => `srv/app/${name}`),
    ])
    const modes = (await Array.fromAsync(entriesOfDirectory(one))).map(({ path: name, mode }) => [
      name,
      mode?.toString(8),
    ])
    assert.deepEqual(Object.fromEntries(modes), {
      ...{ B: '644', lib: '755', 'lib/a': '644', 'lib/b': '644', 'run.sh': '755', z: '644', é: '644' },
      ...{ link: undefined, dangling: undefined },
    })
  }))

test('owners, times, modes and what is taken are for the caller to say', () =>
  inDirectory(async (directory) => {
    await makeTree(directory, ['lib/a', 'z', 'run.sh'])
    await utimes(path.join(directory, 'z'), 1000, 1000.5)
    const found = await Array.fromAsync(
      entriesOfDirectory(directory, {
        ...{ uid: 5, gid: 6, mtime: 'kept', modes: 'kept' },
        filter: (name, type) => type === 'file' && name !== 'run.sh',
      }),
    )
    assert.deepEqual(
      found.map(({ content: _, ...entry }) => entry),
      [{ path: 'z', type: 'file', mode: 0o660, uid: 5, gid: 6, mtime: 1000.5 }],
    )
  }))

test('a socket is passed over, a file that grows is an error', () =>
  inDirectory(async (directory) => {
    const server = createServer().listen(path.join(directory, 'socket'))
    await new Promise((resolve) => server.once('listening', resolve))
    try {
      await writeFile(path.join(directory, 'log'), 'x')
      const layer = await layerFromDirectory(directory)
      assert.deepEqual(namesOf(gunzipSync(await collect(layer.open()))), ['log'])
      await appendFile(path.join(directory, 'log'), 'y')
      await assert.rejects(collect(layer.open()), { code: 'data-loss', message: /log/ })
      await writeFile(path.join(directory, 'log'), '')
      await assert.rejects(collect(layer.open()), { code: 'data-loss', message: /log/ })
    } finally {
      server.close()
    }
    await assert.rejects(layerFromDirectory(path.join(directory, 'absent')), { code: 'not-found' })
    await assert.rejects(layerFromDirectory(directory, { prefix: 'a/../b' }), { code: 'invalid-argument' })
  }))
