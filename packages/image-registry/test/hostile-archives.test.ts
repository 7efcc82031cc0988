// SPDX-License-Identifier: Apache-2.0
// Archives and layouts that somebody spoilt, by accident or not: what comes of them is an image that is right, or an error
// with a code. Never anything else, and never anything outside of them.
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import {
  appendLayer,
  type Content,
  emptyImage,
  type Image,
  imagesFromDockerArchive,
  layerFromBytes,
  layerFromEntries,
  squashImage,
  validateContent,
  validateImage,
  withFormat,
  writeDockerArchive,
} from '@teu/image-registry/image'
import { openLayout, writeLayout, writeLayoutArchive } from '@teu/image-registry/layout'
import { digestOf } from '@teu/oci-spec/image'
import fc from 'fast-check'

/** What a spoilt file may be called. Any other failure is one of ours. */
const codes = new Set(['invalid-argument', 'data-loss', 'resource-exhausted', 'not-found'])

let directory: string
let image: Image
let layerTar: Buffer

before(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'teu-hostile-'))
  const layer = await layerFromEntries(
    [
      { path: 'd', type: 'directory' },
      { path: 'd/file', content: Buffer.from('content'), xattrs: { 'user.x': Buffer.from('y') } },
      { path: 'd/link', type: 'symlink', target: '../etc/passwd' },
      { path: 'd/hard', type: 'hardlink', target: 'd/file' },
      { path: 'd/.wh.gone' },
      { path: `long/${'n'.repeat(200)}` },
    ],
    { compression: 'none' },
  )
  image = appendLayer(emptyImage({ os: 'linux', architecture: 'amd64' }), layer)
  layerTar = Buffer.concat(await Array.fromAsync(layer.open()))
})

after(() => rm(directory, { recursive: true, force: true }))

/** What becomes of bytes: some are replaced, taken out, put in twice, or the rest is cut off. */
interface Change {
  at: number
  kind: 'replace' | 'flip' | 'remove' | 'repeat' | 'cut' | 'insert'
  bytes: Uint8Array
}

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  kind: fc.constantFrom('replace', 'flip', 'remove', 'repeat', 'cut', 'insert'),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 40 }),
    fc
      .constantFrom(
        '../',
        '/etc/passwd',
        '\0',
        '\xff\xff\xff\xff',
        '7777777777777',
        '-1',
        '999999999999',
        '"',
        '{',
        'null',
      )
      .map((text) => Buffer.from(text, 'latin1')),
  ),
})

function spoil(bytes: Buffer, changes: readonly Change[]): Buffer {
  return changes.reduce((before, { at, kind, bytes: put }) => {
    const position = Math.floor(at * before.length)
    const [head, tail] = [before.subarray(0, position), before.subarray(position)]
    if (kind === 'cut') return head
    if (kind === 'insert') return Buffer.concat([head, put, tail])
    if (kind === 'remove') return Buffer.concat([head, tail.subarray(put.length)])
    if (kind === 'repeat') return Buffer.concat([head, tail.subarray(0, 512), tail])
    if (kind === 'replace') return Buffer.concat([head, put, tail.subarray(put.length)])
    const flipped = Buffer.from(before)
    if (position < flipped.length) flipped[position] = (flipped[position] as number) ^ (1 << ((put[0] ?? 0) & 7))
    return flipped
  }, bytes)
}

async function endsWell(what: () => Promise<unknown>): Promise<void> {
  const start = performance.now()
  try {
    await what()
  } catch (error) {
    const { code } = error as { code?: string }
    assert.ok(code !== undefined && codes.has(code), (error as Error).stack)
  }
  assert.ok(performance.now() - start < 10_000)
}

const spoilt = (bytes: Buffer, use: (bytes: Buffer) => Promise<void>, numRuns: number) =>
  fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => use(spoil(bytes, changes))),
    { numRuns },
  )

test('an archive of docker that was spoilt', async () => {
  const file = path.join(directory, 'docker.tar')
  await writeDockerArchive(file, [{ image: withFormat(image, 'docker'), names: ['a:b'] }])
  const whole = await readFile(file)
  for (const bytes of [whole, gzipSync(whole)])
    await spoilt(
      bytes,
      async (changed) => {
        await writeFile(file, changed)
        await endsWell(async () => {
          for (const { image: found } of await imagesFromDockerArchive(file)) await validateImage(found)
        })
      },
      250,
    )
})

test('an archive of a layout that was spoilt', async () => {
  const file = path.join(directory, 'layout.tar')
  await writeLayoutArchive(file, [{ content: image, name: 'v1' }])
  const whole = await readFile(file)
  await spoilt(
    whole,
    async (changed) => {
      await writeFile(file, changed)
      await endsWell(async () => {
        const layout = await openLayout(file)
        for (const entry of layout.index.manifests) await validateContent(await layout.load(entry))
      })
    },
    300,
  )
})

test('a layer that was spoilt is refused, or comes to a layer that is right', async () => {
  await spoilt(
    layerTar,
    async (changed) => {
      const layer = layerFromBytes(changed, 'application/vnd.oci.image.layer.v1.tar', digestOf(changed))
      const made = appendLayer(emptyImage(), layer)
      await endsWell(() => validateImage(made))
      await endsWell(async () => validateImage(await squashImage(made)))
    },
    400,
  )
})

const digest = fc.oneof(
  fc.constantFrom(
    'sha256:../../../etc/passwd',
    'sha256:',
    `sha256:${'A'.repeat(64)}`,
    'md5:00',
    '..',
    `sha256:${'0'.repeat(64)}`,
  ),
  fc.string(),
)
const descriptor = fc.record(
  {
    mediaType: fc.oneof(
      fc.constantFrom('application/vnd.oci.image.manifest.v1+json', 'application/vnd.oci.image.index.v1+json'),
      fc.jsonValue(),
    ),
    digest: fc.oneof(digest, fc.jsonValue()),
    size: fc.oneof(fc.integer(), fc.double(), fc.jsonValue()),
    annotations: fc.oneof(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.jsonValue())), fc.jsonValue()),
    platform: fc.jsonValue(),
    urls: fc.jsonValue(),
    data: fc.jsonValue(),
  },
  { requiredKeys: [] },
)

test('an index that says anything', async () => {
  const layout = path.join(directory, 'layout')
  await writeLayout(layout, [image], { name: 'v1' })
  const before = await readdir(directory, { recursive: true })
  const index = fc.oneof(
    fc.jsonValue(),
    fc.record({ schemaVersion: fc.constantFrom(2, 1, '2'), manifests: fc.oneof(fc.array(descriptor), fc.jsonValue()) }),
  )
  await fc.assert(
    fc.asyncProperty(index, async (drawn) => {
      await writeFile(path.join(layout, 'index.json'), JSON.stringify(drawn))
      await endsWell(async () => {
        const opened = await openLayout(layout)
        for (const entry of opened.index.manifests) {
          const content: Content = await opened.load(entry)
          await validateContent(content)
        }
      })
    }),
    { numRuns: 500 },
  )
  assert.deepEqual(await readdir(directory, { recursive: true }), before)
})
