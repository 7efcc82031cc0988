// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { bytesOfName, compareNames, nameOfBytes } from './name-bytes.ts'
import { TarParser } from './tar-parser.ts'
import { tarEnd, tarHeader } from './tar-writer.ts'

const names: Readonly<Record<string, Buffer>> = {
  'a byte that begins nothing': Buffer.of(0x61, 0xff, 0x62),
  'a lone continuation': Buffer.of(0x80),
  'a sequence that is cut off': Buffer.of(0xe2, 0x82),
  'an overlong sequence': Buffer.of(0xc0, 0xaf),
  'a surrogate in UTF-8': Buffer.of(0xed, 0xb2, 0x80),
  'a code point beyond the last': Buffer.of(0xf4, 0x90, 0x80, 0x80),
  'a newline': Buffer.from('\n'),
  'UTF-8 of four bytes': Buffer.from('𐍈'),
  'a mark that is said to begin a text': Buffer.from('\ufeffx'),
  'a replacement character that is meant': Buffer.from('\ufffd'),
}

test('a name keeps its bytes, whatever they are', () => {
  for (const [what, bytes] of Object.entries(names)) assert.deepEqual(bytesOfName(nameOfBytes(bytes)), bytes, what)
  fc.assert(fc.property(fc.uint8Array(), (bytes) => Buffer.compare(bytesOfName(nameOfBytes(bytes)), bytes) === 0))
})

test('text that is valid is its own form', () => {
  for (const text of ['', 'a/b', 'ü', '𐍈', '\ufffd']) assert.equal(nameOfBytes(Buffer.from(text)), text)
})

test('names with different bytes have different forms, in the order of the bytes', () => {
  const bytes = [Buffer.of(0xff), Buffer.of(0xfe), Buffer.from('\uffff'), Buffer.from('𐍈'), Buffer.from('a')]
  const sorted = bytes.map(nameOfBytes).sort(compareNames).map(bytesOfName)
  assert.deepEqual(sorted, bytes.sort(Buffer.compare))
  assert.equal(new Set(bytes.map(nameOfBytes)).size, bytes.length)
})

test('an archive has names, targets and attributes byte for byte', () => {
  for (const [what, bytes] of Object.entries(names)) {
    const name = nameOfBytes(bytes)
    const header = tarHeader({
      name: `d/${name}`,
      type: 'symlink',
      linkName: `../${name}`,
      mode: 0o777,
      uid: 0,
      gid: 0,
      size: 0,
      mtimeNs: 0n,
      atimeNs: undefined,
      major: 0,
      minor: 0,
      xattrs: new Map([[`user.${name}`, Uint8Array.of(1)]]),
    })
    assert.ok(header.includes(Buffer.concat([Buffer.from(' path=d/'), bytes, Buffer.from('\n')])), what)
    const found: string[][] = []
    const entry = (read: { name: string; linkName: string; xattrs: ReadonlyMap<string, unknown> }) =>
      void found.push([read.name, read.linkName, ...read.xattrs.keys()])
    const parser = new TarParser({ entry, data() {}, end() {} })
    parser.push(header)
    parser.push(tarEnd)
    parser.finish()
    assert.deepEqual(found, [[`d/${name}`, `../${name}`, `user.${name}`]], what)
  }
})
