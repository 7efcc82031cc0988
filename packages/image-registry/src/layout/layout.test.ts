// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { gzipSync } from 'node:zlib'
import { StackError } from '@teu/errors'
import { type Descriptor, digestOf, mediaTypes, parsePlatform } from '@teu/oci-spec/image'
import { makeArtifact } from '../image/artifact.ts'
import { appendLayer, emptyImage } from '../image/image.ts'
import { makeIndex } from '../image/image-index.ts'
import { blobFromBytes, layerFromEntries } from '../image/layer/layer.ts'
import { buildProgramImage } from '../image/program-image.ts'
import { validateContent, validateImage } from '../image/validate-image.ts'
import { openLayout } from './layout.ts'
import { layoutSink } from './layout-sink.ts'
import { imagesFromLayout, readBlob, readIndex } from './read-layout.ts'
import { writeLayout, writeLayoutArchive } from './write-layout.ts'

const build = (text: string, platform = 'linux/amd64') =>
  buildProgramImage({ program: Buffer.from(text), platform: parsePlatform(platform) })
const collect = async (source: AsyncIterable<Uint8Array>) => Buffer.concat(await Array.fromAsync(source))

async function inDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'teu-layout-'))
  try {
    await body(directory)
  } finally {
    await rm(directory, { recursive: true })
  }
}

test('a layout keeps images by name', () =>
  inDirectory(async (directory) => {
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
    await assert.rejects(readBlob(directory, two.descriptor), { code: 'data-loss' })
  }))

test('an archive of a layout is a layout, compressed or not', () =>
  inDirectory(async (directory) => {
    const index = makeIndex([await build('1'), await build('2', 'linux/arm64')])
    const artifact = makeArtifact({
      artifactType: 'a/b',
      blobs: [blobFromBytes(Buffer.from('sbom'), 'text/plain')],
      subject: index.descriptor,
    })
    const [file, again] = [path.join(directory, 'a.tar'), path.join(directory, 'b.tar')]
    const entries = [{ content: index, name: 'all' }, { content: artifact }]
    await writeLayoutArchive(file, entries)
    await writeLayoutArchive(again, entries)
    assert.deepEqual(await readFile(file), await readFile(again))
    const zipped = path.join(directory, 'a.tar.gz')
    await writeFile(zipped, gzipSync(await readFile(file)))
    const unpacked = path.join(directory, 'unpacked')
    for (const content of [index, artifact])
      await writeLayout(unpacked, [content], content === index ? { name: 'all' } : {})
    for (const location of [file, zipped, unpacked]) {
      const layout = await openLayout(location)
      const loaded = await layout.load(layout.find('all'))
      await validateContent(loaded)
      assert.equal(loaded.descriptor.digest, index.descriptor.digest)
      const about = await layout.load(layout.find(artifact.descriptor.digest))
      assert.equal(about.kind, 'artifact')
      await validateContent(about)
      const one = await layout.load(layout.find('all'), { platform: parsePlatform('linux/arm64') })
      assert.equal(one.descriptor.digest, index.entries[1]?.descriptor.digest)
      assert.throws(() => layout.find(), { code: 'invalid-argument', message: /several/ })
      assert.throws(() => layout.find('none'), { code: 'not-found' })
      const absent: Descriptor = { mediaType: 'x/y', digest: digestOf('absent'), size: 6 }
      await assert.rejects(layout.read(absent), { code: 'not-found' })
      await assert.rejects(async () => collect(layout.open(absent)), { code: 'not-found' })
    }
  }))

test('a name of docker or containerd is a name', () =>
  inDirectory(async (directory) => {
    await writeLayout(directory, [await build('1')], {
      name: 'latest',
      annotations: { 'io.containerd.image.name': 'docker.io/a/b:latest' },
    })
    const layout = await openLayout(directory)
    assert.equal(layout.find('docker.io/a/b:latest').digest, layout.find('latest').digest)
    assert.equal(layout.find().digest, layout.find('latest').digest)
  }))

const broken: [what: string, files: Record<string, string>, code: string][] = [
  ['nothing', {}, 'not-found'],
  ['a version from the future', { 'oci-layout': '{"imageLayoutVersion":"2.0.0"}' }, 'invalid-argument'],
  ['no JSON', { 'oci-layout': '{' }, 'invalid-argument'],
  ['no index', { 'oci-layout': '{"imageLayoutVersion":"1.0.0"}' }, 'not-found'],
  [
    'a wrong index',
    { 'oci-layout': '{"imageLayoutVersion":"1.0.0"}', 'index.json': '{"manifests":5}' },
    'invalid-argument',
  ],
  [
    'a digest that is a path',
    {
      'oci-layout': '{"imageLayoutVersion":"1.0.0"}',
      'index.json': JSON.stringify({
        schemaVersion: 2,
        manifests: [{ mediaType: mediaTypes.ociManifest, digest: 'sha256:../../../etc/passwd', size: 1 }],
      }),
    },
    'invalid-argument',
  ],
]
for (const [what, files, code] of broken) {
  test(`a layout with ${what} is ${code}`, () =>
    inDirectory(async (directory) => {
      for (const [name, text] of Object.entries(files)) await writeFile(path.join(directory, name), text)
      await assert.rejects(openLayout(directory), { code })
    }))
}

test('a layer that is not what it was leaves no blob behind', () =>
  inDirectory(async (directory) => {
    const layer = await layerFromEntries([{ path: 'a' }])
    const changed = { ...layer, open: () => blobFromBytes(Buffer.from('other'), '').open() }
    await assert.rejects(writeLayout(directory, [appendLayer(emptyImage(), changed)]), { code: 'data-loss' })
    assert.deepEqual(await readdir(path.join(directory, 'blobs/sha256')), [])
  }))

const content = Buffer.from('0123456789'.repeat(100))
const blob: Descriptor = { mediaType: 'x/y', digest: digestOf(content), size: content.length }

/** What a client hands a sink: the rest of the blob behind what is held, broken off after `limit` bytes. */
function opener(limit: number, error: unknown, asked: number[]) {
  return async function* ({ held }: { held?: AsyncIterable<Uint8Array> | Iterable<Uint8Array> } = {}) {
    const before = held === undefined ? Buffer.alloc(0) : await collect(held as AsyncIterable<Uint8Array>)
    asked.push(before.length)
    if (!content.subarray(0, before.length).equals(before)) throw new StackError('data-loss', 'held bytes are wrong')
    yield content.subarray(before.length, limit)
    if (limit < content.length) throw error
  }
}

test('what a pull left behind is gone on from, what was wrong is not', () =>
  inDirectory(async (directory) => {
    const asked: number[] = []
    const pull = (limit: number, error: unknown = new StackError('unavailable', 'broke')) =>
      layoutSink(directory).write(blob, opener(limit, error, asked))
    const sink = layoutSink(directory)
    await assert.rejects(pull(100), { code: 'unavailable' })
    await assert.rejects(pull(400), { code: 'unavailable' })
    assert.equal(await sink.has(blob), false)
    const [left] = await readdir(path.join(directory, '.ingest'))
    await appendFile(path.join(directory, '.ingest', left as string), 'wrong')
    await assert.rejects(pull(500), { code: 'data-loss' })
    await assert.rejects(pull(50), { code: 'unavailable' })
    await pull(content.length)
    assert.deepEqual(asked, [0, 100, 405, 0, 50])
    assert.equal(await sink.has(blob), true)
    assert.deepEqual(await readFile(path.join(directory, 'blobs/sha256', blob.digest.slice(7))), content)
    await sink.add({ ...blob, mediaType: mediaTypes.ociManifest }, { name: 'x' })
    await assert.rejects(stat(path.join(directory, '.ingest')), { code: 'ENOENT' })
    assert.equal((await readIndex(directory)).manifests.length, 1)
  }))

test('a file of a process that lives is left alone, one of a dead process is taken over', () =>
  inDirectory(async (directory) => {
    const ingest = path.join(directory, '.ingest')
    await mkdir(ingest)
    const prefix = `sha256-${blob.digest.slice(7)}`
    await writeFile(path.join(ingest, `${prefix}.${process.ppid}-aa`), content.subarray(0, 10))
    await writeFile(path.join(ingest, `${prefix}.999999999-bb`), content.subarray(0, 20))
    await writeFile(path.join(ingest, `sha256-${digestOf('x').slice(7)}.0-cc`), 'x')
    const asked: number[] = []
    await layoutSink(directory).write(blob, opener(content.length, undefined, asked))
    assert.deepEqual(asked, [20])
    assert.deepEqual((await readdir(ingest)).map((name) => name.split('-').at(-1)).sort(), ['aa', 'cc'])
  }))

test('two that pull the same blob do not disturb each other', () =>
  inDirectory(async (directory) => {
    const asked: number[] = []
    const write = () => layoutSink(directory).write(blob, opener(content.length, undefined, asked))
    await Promise.all([write(), write(), write()])
    assert.deepEqual(asked, [0, 0, 0])
    assert.equal(digestOf(await readFile(path.join(directory, 'blobs/sha256', blob.digest.slice(7)))), blob.digest)
  }))
