// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { entriesOf, fileKind } from './directory-entry.ts'

test('kinds from mode and from d_type agree', () => {
  const table: [mode: number, type: number, kind: string][] = [
    [0o100644, 8, 'regular'],
    [0o040755, 4, 'directory'],
    [0o120777, 10, 'symlink'],
    [0o020666, 2, 'character-device'],
    [0o060660, 6, 'block-device'],
    [0o010600, 1, 'fifo'],
    [0o140600, 12, 'socket'],
    [0, 0, 'unknown'],
  ]
  for (const [mode, type, kind] of table) {
    assert.equal(fileKind(mode), kind)
    assert.equal(entriesOf([Buffer.from('x'), type])[0]?.kind, kind)
  }
})

test('a name that is not UTF-8 keeps its bytes', () => {
  const [entry] = entriesOf([Buffer.of(0x61, 0xff), 8])
  assert.equal(entry?.name, 'a\udcff')
  assert.deepEqual(entry?.nameBytes, Buffer.of(0x61, 0xff))
})
