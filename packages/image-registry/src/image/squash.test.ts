// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { type TarEntry, type TarEntryType, TarParser, tarEnd, tarHeader, tarPadding } from '@teu/oci-spec/archive'
import { digestOf, mediaTypes, parsePlatform } from '@teu/oci-spec/image'
import fc from 'fast-check'
import { decompressed } from './compression/decompress.ts'
import { appendLayer, emptyImage, type Image } from './image.ts'
import { type Layer, layerFromBytes } from './layer/layer.ts'
import { squashImage } from './squash.ts'
import { validateImage } from './validate-image.ts'

interface Entry {
  name: string
  type?: TarEntryType
  link?: string
  content?: string
  mode?: number
}

const plain: Omit<TarEntry, 'name' | 'type' | 'size'> = {
  linkName: '',
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtimeNs: 0n,
  atimeNs: undefined,
  major: 0,
  minor: 0,
  xattrs: new Map(),
}

function layerOf(entries: readonly Entry[]): Layer {
  const parts = entries.flatMap(({ name, type = 'file', link = '', content = '', mode = 0o644 }) => [
    tarHeader({ ...plain, name, type, linkName: link, mode, size: content.length }),
    Buffer.from(content),
    Buffer.alloc(tarPadding(content.length)),
  ])
  const tar = Buffer.concat([...parts, tarEnd])
  return layerFromBytes(tar, mediaTypes.ociLayer, digestOf(tar))
}

function imageOf(...layers: (readonly Entry[])[]): Image {
  const start = emptyImage(parsePlatform('linux/amd64'))
  return layers.reduce((image, entries, i) => appendLayer(image, layerOf(entries), { created_by: String(i) }), start)
}

async function entriesOf(layer: Layer): Promise<Entry[]> {
  const found: Required<Entry>[] = []
  const parser = new TarParser({
    entry: ({ name, type, linkName, mode }) => void found.push({ name, type, link: linkName, mode, content: '' }),
    data: (chunk) => {
      const last = found.at(-1) as Required<Entry>
      last.content += Buffer.from(chunk).toString()
    },
    end: () => {},
  })
  for await (const chunk of decompressed(layer.open())) parser.push(chunk)
  parser.finish()
  return found
}

const namesOf = (entries: readonly Entry[]) => entries.map(({ name }) => name)
const d = (name: string, mode = 0o755): Entry => ({ name: `${name}/`, type: 'directory', mode })
const f = (name: string, content = name): Entry => ({ name, content })
const squashed = async (image: Image, keep = 0) => {
  const result = await squashImage(image, { keep, compression: 'none' })
  await validateImage(result)
  return entriesOf(result.layers.at(-1) as Layer)
}

test('what was replaced or removed is not in it, directories come first', async () => {
  const image = imageOf(
    [d('etc'), f('etc/a', 'old'), f('etc/b'), d('var'), f('var/x'), f('top')],
    [f('etc/.wh.b'), d('var', 0o700), f('etc/a', 'new'), { name: 'etc/link', type: 'symlink', link: 'a' }],
    [{ name: 'hard', type: 'hardlink', link: 'etc/a' }],
  )
  const entries = await squashed(image)
  assert.deepEqual(namesOf(entries), ['etc/', 'etc/link', 'var/', 'var/x', 'top', 'etc/a', 'hard'])
  assert.equal(entries.find(({ name }) => name === 'etc/a')?.content, 'new')
  assert.equal(entries.find(({ name }) => name === 'var/')?.mode, 0o700)
  assert.deepEqual(entries.at(-1), { name: 'hard', type: 'hardlink', link: 'etc/a', mode: 0o644, content: '' })
})

test('a link shares what it led to when it was made', async () => {
  const image = imageOf([f('a', 'old')], [{ name: 'b', type: 'hardlink', link: 'a' }], [f('a', 'new')])
  const entries = await squashed(image)
  assert.deepEqual(
    entries.map(({ name, type, content }) => [name, type, content]),
    [
      ['b', 'file', 'old'],
      ['a', 'file', 'new'],
    ],
  )
})

test('a whiteout is about lower layers only, wherever it stands', async () => {
  const image = imageOf(
    [d('d'), f('d/old'), d('e'), f('e/old')],
    [d('d'), f('d/new'), f('d/.wh..wh..opq'), d('e'), f('e/new'), f('.wh.e')],
  )
  assert.deepEqual(namesOf(await squashed(image)), ['d/', 'e/', 'd/new', 'e/new'])
})

test('paths lead through symbolic links, and never out', async () => {
  const image = imageOf(
    [d('usr'), d('usr/lib'), { name: 'lib', type: 'symlink', link: 'usr/lib' }],
    [f('lib/a'), { name: 'out', type: 'symlink', link: '../../../usr' }],
    [f('out/b'), f('lib/.wh.none')],
  )
  const entries = await squashed(image)
  assert.deepEqual(namesOf(entries), ['lib', 'out', 'usr/', 'usr/lib/', 'usr/lib/a', 'usr/b'])
})

test('above a base that stays, removals are kept', async () => {
  const image = imageOf(
    [d('d'), f('d/base'), f('x')],
    [f('d/.wh.base'), d('n'), f('n/.wh..wh..opq'), f('y')],
    [f('.wh.y'), f('.wh.x'), { name: 'd', type: 'symlink', link: 'n' }],
    [d('d'), f('d/z')],
  )
  const result = await squashImage(image, { keep: 1, compression: 'none', history: { created_by: 'together' } })
  await validateImage(result)
  assert.deepEqual(
    result.config.history?.map((entry) => entry.created_by),
    ['0', 'together'],
  )
  assert.equal(result.layers[0]?.descriptor.digest, image.layers[0]?.descriptor.digest)
  const entries = await entriesOf(result.layers[1] as Layer)
  assert.deepEqual(namesOf(entries), ['.wh.x', '.wh.y', 'd/', 'd/.wh..wh..opq', 'n/', 'n/.wh..wh..opq', 'd/z'])
})

const bad: [what: string, entries: Entry[]][] = [
  ['a way out of the root', [f('../a')]],
  ['a way out in the middle', [f('a/../../b')]],
  ['a file in place of the root', [f('./')]],
  ['a link in place of the root', [{ name: '/', type: 'symlink', link: 'x' }]],
  ['a whiteout of nothing', [f('.wh.')]],
  ['a whiteout of the directory itself', [f('a/.wh..')]],
  ['a whiteout of the directory above', [f('a/.wh...')]],
  ['something below a whiteout', [f('.wh.a/b')]],
  ['a link out of the root', [{ name: 'a', type: 'hardlink', link: '../a' }]],
  ['a link to the root', [{ name: 'a', type: 'hardlink', link: '/' }]],
  [
    'links in a circle',
    [{ name: 'a', type: 'symlink', link: 'b' }, { name: 'b', type: 'symlink', link: 'a' }, f('a/x')],
  ],
  ['a path without end', [f('d/'.repeat(1100))]],
]
for (const [what, entries] of bad) {
  test(`${what} is refused`, async () => {
    await assert.rejects(squashImage(imageOf(entries)), { code: 'invalid-argument' })
  })
}
for (const [what, entries] of bad.filter(([what]) => !what.includes('circle'))) {
  test(`${what} makes an image invalid`, async () => {
    await assert.rejects(validateImage(imageOf(entries)), { code: 'invalid-argument' })
  })
}

test('a link to what is not there is refused, unless a base may have it', async () => {
  const image = imageOf([f('a')], [{ name: 'b', type: 'hardlink', link: 'c' }])
  await assert.rejects(squashImage(image), { code: 'invalid-argument', message: /links to "c"/ })
  assert.deepEqual(await squashed(image, 1), [{ name: 'b', type: 'hardlink', link: 'c', mode: 0o644, content: '' }])
})

test('many opaque directories cost what one does', async () => {
  const files = Array.from({ length: 10_000 }, (_, i) => f(`d/${i}`, ''))
  // Of the processor, and the least of some: how busy the machine is shall not count.
  const cost = async (above: Entry[]) => {
    const times: number[] = []
    for (let turn = 0; turn < 2; turn++) {
      const before = process.cpuUsage()
      await squashImage(imageOf(files, above))
      const { user, system } = process.cpuUsage(before)
      times.push(user + system)
    }
    return Math.min(...times)
  }
  const own = files.map((_, i) => f(`d/own ${i}`, ''))
  const one = await cost([...own, f('d/.wh..wh..opq'), ...files.slice(1).map((_, i) => f(`e/${i}`, ''))])
  const many = await cost([...own, ...files.map(() => f('d/.wh..wh..opq'))])
  assert.ok(many < 1.5 * one, `${one} and ${many} µs`)
})

test('no more layers than there are can stay', async () => {
  const image = imageOf([f('a')])
  for (const keep of [-1, 2, 1.5]) await assert.rejects(squashImage(image, { keep }), { code: 'invalid-argument' })
  assert.equal(await squashImage(image, { keep: 1 }), image)
})

/** A file system as the simplest reading of the specification has it: what is at each path. */
function apply(layers: readonly (readonly Entry[])[]): Map<string, string> {
  const tree = new Map<string, string>()
  const remove = (path: string) => {
    for (const key of tree.keys()) if (key === path || key.startsWith(`${path}/`)) tree.delete(key)
  }
  /** Parents that nobody mentions are made, for what is to be removed as well. */
  const makeParents = (path: string) => {
    const parts = path.split('/').slice(0, -1)
    for (const at of parts.map((_, i) => parts.slice(0, i + 1).join('/'))) {
      if (tree.get(at)?.startsWith('directory')) continue
      remove(at)
      tree.set(at, 'directory 755')
    }
  }
  for (const entries of layers) {
    const isWhiteout = ({ name }: Entry) => /(^|\/)\.wh\./.test(name)
    for (const { name } of entries.filter(isWhiteout)) {
      const [, directory = '', last = ''] = /^(.*?)([^/]*)$/.exec(name) ?? []
      if (last !== '.wh..wh..opq') remove(`${directory}${last.slice(4)}`)
      else for (const key of [...tree.keys()]) if (key.startsWith(directory)) tree.delete(key)
    }
    for (const { name } of entries.filter(isWhiteout)) makeParents(name)
    for (const { name, type = 'file', content = '', mode, link = '' } of entries.filter((e) => !isWhiteout(e))) {
      const path = name.replace(/\/$/, '')
      makeParents(path)
      if (type !== 'directory' || !tree.get(path)?.startsWith('directory')) remove(path)
      if (type === 'hardlink') tree.set(path, tree.get(link) as string)
      else tree.set(path, type === 'directory' ? `directory ${mode?.toString(8)}` : `file ${content}`)
    }
  }
  return tree
}

const name = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'))
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.tuple(name, fc.string({ unit: fc.constantFrom('x', 'y'), maxLength: 3 })).map(([at, content]) => f(at, content)),
  fc.tuple(name, fc.constantFrom(0o700, 0o755)).map(([at, mode]) => d(at, mode)),
  name.map((at) => f(at.replace(/([^/]*)$/, '.wh.$1'))),
  name.map((at) => f(`${at}/.wh..wh..opq`)),
)
/** No layer says two things about one name, or removes what lies in something it removes: nothing has to make sense of it. */
const entries = fc.uniqueArray(entry, {
  maxLength: 8,
  selector: ({ name }) => name.replace(/\.wh\.(?!\.)/, '').replace(/\/$/, ''),
})
const consistent = (layer: readonly Entry[]) => {
  const plain = layer.filter(({ name }) => !name.includes('.wh.'))
  const files = plain.filter(({ type }) => type !== 'directory').map(({ name }) => name)
  const gone = layer.filter(({ name }) => name.includes('.wh.') && !name.endsWith('opq'))
  const hidden = layer.flatMap(({ name }) => /^(.*)\/\.wh\.\.wh\.\.opq$/.exec(name)?.[1] ?? [])
  const removals = layer.map(({ name }) => name).filter((name) => name.includes('.wh.'))
  if (hidden.some((path) => removals.some((name) => name.startsWith(`${path}/`) && name !== `${path}/.wh..wh..opq`)))
    return false
  const paths = [...layer.map(({ name }) => name.replace(/\.wh\.(?!\.)/, ''))]
  return [...files, ...gone.map(({ name }) => name.replace('.wh.', ''))].every(
    (file) => !paths.some((path) => path.startsWith(`${file}/`)),
  )
}

test('one layer comes to the same as many, with and without a base', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(entries.filter(consistent), { minLength: 1, maxLength: 4 }),
      fc.nat(3),
      async (layers, below) => {
        const keep = Math.min(below, layers.length - 1)
        const image = imageOf(...layers)
        const together = await squashed(image, keep)
        const expected = Object.fromEntries([...apply(layers)].sort())
        assert.deepEqual(Object.fromEntries([...apply([...layers.slice(0, keep), together])].sort()), expected)
        if (keep === 0) assert.ok(!together.some(({ name }) => name.includes('.wh.')))
      },
    ),
    { numRuns: 500 },
  )
})
