// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { nativeFile } from '@teu/linux'

const sharedObject = 3
const [load, interpreter, stack] = [1, 3, 0x6474e551]

/** The type of an ELF file of 64 bits, and its program headers. */
function readElf(path: string): { type: number; segments: { type: number; flags: number }[] } {
  const bytes = readFileSync(path)
  assert.equal(bytes.toString('latin1', 0, 4), '\x7fELF')
  const [offset, size, count] = [Number(bytes.readBigUInt64LE(32)), bytes.readUInt16LE(54), bytes.readUInt16LE(56)]
  const segments = Array.from({ length: count }, (_, index) => ({
    type: bytes.readUInt32LE(offset + index * size),
    flags: bytes.readUInt32LE(offset + index * size + 4),
  }))
  return { type: bytes.readUInt16LE(16), segments }
}

for (const name of ['teu-init', 'teu-shim-front'] as const) {
  test(`${name} needs no loader and is at another address in each process`, () => {
    const { type, segments } = readElf(nativeFile(name))
    assert.equal(type, sharedObject)
    assert.ok(segments.some((segment) => segment.type === load))
    assert.ok(!segments.some((segment) => segment.type === interpreter))
    // Nothing is writable and executable at once, the stack neither.
    for (const segment of segments) {
      if (segment.type === load || segment.type === stack) assert.notEqual(segment.flags & 3, 3)
    }
  })
}
