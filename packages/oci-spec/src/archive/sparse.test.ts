// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { hasCode } from '@teu/errors'
import { type TarHandler, TarParser } from './tar-parser.ts'
import { tarEnd, tarHeader, tarPadding } from './tar-writer.ts'

const block = 512
const octal = (value: number, width = 12) => `${value.toString(8).padStart(width - 1, '0')}\0`

function header(name: string, size: number, change: (block: Buffer) => void = () => {}): Buffer {
  const numbers = { mode: 0o644, uid: 0, gid: 0, mtimeNs: 0n, atimeNs: undefined, major: 0, minor: 0 }
  const bytes = Buffer.from(tarHeader({ ...numbers, name, size, type: 'file', linkName: '', xattrs: new Map() }))
  change(bytes)
  bytes.fill(0x20, 148, 156)
  const sum = bytes.reduce((total, byte) => total + byte, 0)
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return bytes
}

const padded = (data: Buffer) => Buffer.concat([data, Buffer.alloc(tarPadding(data.length))])

type Pieces = readonly (readonly [offset: number, data: string])[]

const dataOf = (pieces: Pieces) => Buffer.from(pieces.map(([, data]) => data).join(''))

/** A sparse file as old GNU tar has it, with as many further blocks as its map needs. */
function gnu(pieces: Pieces, size: number): Buffer {
  const maps = [pieces.slice(0, 4)]
  for (let at = 4; at < pieces.length; at += 21) maps.push(pieces.slice(at, at + 21))
  const write = (to: Buffer, start: number, map: Pieces) => {
    for (const [index, [offset, data]] of map.entries())
      to.write(octal(offset) + octal(data.length), start + 24 * index, 'latin1')
  }
  const first = header('sparse', dataOf(pieces).length, (bytes) => {
    bytes.write('S', 156)
    bytes.write('ustar  \0', 257, 'latin1')
    bytes.fill(0, 329, 345)
    write(bytes, 386, maps[0]!)
    bytes[482] = maps.length > 1 ? 1 : 0
    bytes.write(octal(size), 483, 'latin1')
  })
  const rest = maps.slice(1).map((map, index) => {
    const bytes = Buffer.alloc(block)
    write(bytes, 0, map)
    bytes[504] = index + 2 < maps.length ? 1 : 0
    return bytes
  })
  return Buffer.concat([first, ...rest, padded(dataOf(pieces))])
}

function pax(records: readonly (readonly [string, string | number])[], data: Buffer): Buffer {
  const lines = records.map(([key, value]) => {
    const rest = ` ${key}=${value}\n`
    let length = rest.length
    while (`${length}${rest}`.length !== length) length = `${length}${rest}`.length
    return `${length}${rest}`
  })
  const text = Buffer.from(lines.join(''))
  const extended = header('PaxHeaders/x', text.length, (bytes) => void bytes.write('x', 156))
  return Buffer.concat([extended, padded(text), header('GNUSparseFile.1/sparse', data.length), padded(data)])
}

const pax00 = (pieces: Pieces, size: number) =>
  pax(
    [
      ['GNU.sparse.size', size],
      ['GNU.sparse.numblocks', pieces.length],
      ...pieces.flatMap(([offset, data]) => [
        ['GNU.sparse.offset', offset] as const,
        ['GNU.sparse.numbytes', data.length] as const,
      ]),
      ['path', 'sparse'],
    ],
    dataOf(pieces),
  )

const pax01 = (pieces: Pieces, size: number) =>
  pax(
    [
      ['GNU.sparse.size', size],
      ['GNU.sparse.numblocks', pieces.length],
      ['GNU.sparse.map', pieces.map(([offset, data]) => `${offset},${data.length}`).join(',')],
      ['GNU.sparse.name', 'sparse'],
    ],
    dataOf(pieces),
  )

const pax10 = (pieces: Pieces, size: number) =>
  pax(
    [
      ['GNU.sparse.major', 1],
      ['GNU.sparse.minor', 0],
      ['GNU.sparse.realsize', size],
      ['GNU.sparse.name', 'sparse'],
    ],
    Buffer.concat([
      padded(
        Buffer.from([pieces.length, ...pieces.flatMap(([at, data]) => [at, data.length])].join('\n').concat('\n')),
      ),
      dataOf(pieces),
    ]),
  )

const formats = { gnu, 'pax 0.0': pax00, 'pax 0.1': pax01, 'pax 1.0': pax10 } as const

/** Every entry as its name, its size, and its content with holes as `<length>`. */
function read(bytes: Buffer, chunk = bytes.length): string[] {
  const found: string[] = []
  const handler: TarHandler = {
    entry: ({ name, size }) => void found.push(`${name} ${size} `),
    data: (data) => void found.push(found.pop()! + Buffer.from(data).toString()),
    hole: (length) => void found.push(`${found.pop()!}<${length}>`),
    end: () => void found.push(`${found.pop()!}.`),
  }
  const parser = new TarParser(handler)
  for (let at = 0; at < bytes.length; at += chunk) parser.push(bytes.subarray(at, at + chunk))
  parser.finish()
  return found
}

const after = Buffer.concat([header('after', 2), padded(Buffer.from('ok')), tarEnd])

for (const [format, make] of Object.entries(formats)) {
  test(`${format}: data and holes come in order, whatever the size of the chunks`, () => {
    const bytes = Buffer.concat([
      make(
        [
          [4, 'abc'],
          [7, 'd'],
          [600, 'end'],
        ],
        1000,
      ),
      after,
    ])
    for (const size of [bytes.length, 1, 511, 512, 513, 700])
      assert.deepEqual(read(bytes, size), ['sparse 1000 <4>abcd<592>end<397>.', 'after 2 ok.'], String(size))
  })

  test(`${format}: a map of many pieces is read, and one that ends with data has no hole behind it`, () => {
    const pieces: Pieces = Array.from({ length: 200 }, (_, index) => [index * 10 + 1, 'x'] as const)
    const bytes = Buffer.concat([make(pieces, 1992), after])
    assert.deepEqual(read(bytes), [`sparse 1992 <1>${'x<9>'.repeat(199)}x.`, 'after 2 ok.'])
  })

  test(`${format}: a map that is not in order, overlaps, ends too far or tells other data is refused`, () => {
    const bad: [Pieces, number][] = [
      [
        [
          [10, 'a'],
          [0, 'b'],
        ],
        100,
      ],
      [
        [
          [0, 'abc'],
          [2, 'd'],
        ],
        100,
      ],
      [[[99, 'ab']], 100],
    ]
    for (const [pieces, size] of bad)
      assert.throws(
        () => read(Buffer.concat([make(pieces, size), after])),
        (error) => hasCode(error, 'invalid-argument'),
      )
  })
}

test('a sparse file of zeros alone is one hole', () => {
  assert.deepEqual(read(Buffer.concat([gnu([[1 << 30, '']], 1 << 30), after]))[0], `sparse ${1 << 30} <${1 << 30}>.`)
  assert.deepEqual(read(Buffer.concat([pax00([], 77), after]))[0], 'sparse 77 <77>.')
  assert.deepEqual(read(Buffer.concat([pax10([], 77), after]))[0], 'sparse 77 <77>.')
})

test('a reader that knows no holes refuses sparse files', () => {
  const parser = new TarParser({ entry() {}, data() {}, end() {} })
  assert.throws(() => parser.push(gnu([[4, 'abc']], 10)), /sparse files are not supported/)
})

test('a map that never ends is refused before it fills the memory', () => {
  const endless = Buffer.alloc(block)
  endless.write(octal(0) + octal(0), 0, 'latin1')
  for (let i = 0; i < 21; i++) endless.write(octal(0) + octal(0), 24 * i, 'latin1')
  endless[504] = 1
  const first = gnu(
    Array.from({ length: 30 }, () => [0, ''] as const),
    0,
  ).subarray(0, block)
  const parser = new TarParser({ entry() {}, data() {}, hole() {}, end() {} })
  parser.push(first)
  assert.throws(() => {
    for (let i = 0; i < 10_000; i++) parser.push(endless)
  }, /malformed sparse map/)
  const digits = pax10([], 0)
  const lines = Buffer.from('9999999\n'.repeat(64))
  assert.throws(() => read(Buffer.concat([digits.subarray(0, digits.length - block), lines, tarEnd])), /sparse map/)
})
