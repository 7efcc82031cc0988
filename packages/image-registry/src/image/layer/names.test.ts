// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { bytesOfName, nameOfBytes, TarParser, tarEnd, tarHeader } from '@teu/oci-spec/archive'
import { digestOf, mediaTypes } from '@teu/oci-spec/image'
import { emptyImage, withLayers } from '../image.ts'
import { squashImage } from '../squash.ts'
import { checkLayer } from './check-layer.ts'
import { layerFromDirectory } from './directory-layer.ts'
import { layerFromBytes, layerFromEntries } from './layer.ts'

const names = [
  Buffer.from('\n'),
  Buffer.of(0x80),
  Buffer.of(0xc0, 0xaf),
  Buffer.of(0xff, 0x2e),
  Buffer.of(0xff, 0x2f - 1, 0xfe),
]

/** Every entry as its name, its target and its data in latin1, which shows every byte; holes as `<length>`. */
async function read(source: AsyncIterable<Uint8Array>): Promise<string[]> {
  const found: string[] = []
  const show = (name: string) => bytesOfName(name).toString('latin1')
  const parser = new TarParser({
    entry: ({ name, linkName }) => void found.push(`${show(name)}>${show(linkName)}=`),
    data: (bytes) => void found.push(found.pop()! + Buffer.from(bytes).toString('latin1')),
    end() {},
  })
  for await (const chunk of source) parser.push(chunk)
  parser.finish()
  return found
}

test('a layer of a directory has names and targets that are not UTF-8 byte for byte', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'teu-names-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const at = (...parts: Buffer[]) =>
    Buffer.concat([Buffer.from(folder), ...parts.flatMap((part) => [Buffer.from('/'), part])])
  for (const name of names) {
    mkdirSync(at(name))
    writeFileSync(at(name, name), name)
    symlinkSync(name, at(name, Buffer.of(0xff, 0xff)))
  }
  const asked: string[] = []
  const filter = (name: string) => asked.push(name) > 0
  const layer = await layerFromDirectory(folder, { compression: 'none', prefix: 'app', filter })
  const expected = names.toSorted(Buffer.compare).flatMap((bytes) => {
    const name = bytes.toString('latin1')
    return [`app/${name}/>=`, `app/${name}/${name}>=${name}`, `app/${name}/\xff\xff>${name}=`]
  })
  assert.deepEqual(await read(layer.open()), ['app/>=', ...expected])
  assert.equal(asked.length, 3 * names.length)
  await checkLayer(layer)
})

test('squashing keeps such names, and whiteouts of them hide the right one', async () => {
  const [a, b] = [Buffer.of(0xff), Buffer.of(0xfe)].map(nameOfBytes) as [string, string]
  const lower = await layerFromEntries([
    { path: a, content: Buffer.from('a') },
    { path: b, content: Buffer.from('b') },
  ])
  const upper = await layerFromEntries([{ path: `.wh.${a}` }])
  const squashed = await squashImage(withLayers(emptyImage(), [lower, upper], []), { compression: 'none' })
  assert.deepEqual(await read(squashed.layers[0]!.open()), ['\xfe>=b'])
})

test('a sparse file in a layer is checked, and squashed with its zeros', async () => {
  const octal = (value: number) => `${value.toString(8).padStart(11, '0')}\0`
  const numbers = { mode: 0o644, uid: 0, gid: 0, mtimeNs: 0n, atimeNs: undefined, major: 0, minor: 0 }
  const header = tarHeader({ ...numbers, name: 's', type: 'file', linkName: '', size: 3, xattrs: new Map() })
  header.write('S', 156)
  header.write('ustar  \0', 257, 'latin1')
  header.fill(0, 329, 345)
  header.write(octal(2) + octal(3), 386, 'latin1')
  header.write(octal(700_000), 483, 'latin1')
  header.fill(0x20, 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  const tar = Buffer.concat([header, Buffer.from('abc'), Buffer.alloc(509), tarEnd])
  const layer = layerFromBytes(tar, mediaTypes.ociLayer, digestOf(tar))
  await checkLayer(layer)
  const squashed = await squashImage(withLayers(emptyImage(), [layer], []), { compression: 'none' })
  const [file] = await read(squashed.layers[0]!.open())
  assert.equal(file, `s>=${'\0'.repeat(2)}abc${'\0'.repeat(700_000 - 5)}`)
})
