// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { mountAttributes as attr, mountFlags as ms } from './constants.ts'
import { knownMountOptions, parseMountOptions } from './options.ts'

/** The word, the flags it sets, and the flags that it names as absent. Numbers are those of linux/mount.h. */
const flagTable: [word: string, set: number, clear: number][] = [
  ['ro', 0x1, 0],
  ['rw', 0, 0x1],
  ['nosuid', 0x2, 0],
  ['suid', 0, 0x2],
  ['nodev', 0x4, 0],
  ['dev', 0, 0x4],
  ['noexec', 0x8, 0],
  ['exec', 0, 0x8],
  ['sync', 0x10, 0],
  ['async', 0, 0x10],
  ['remount', 0x20, 0],
  ['mand', 0x40, 0],
  ['nomand', 0, 0x40],
  ['dirsync', 0x80, 0],
  ['nosymfollow', 0x100, 0],
  ['symfollow', 0, 0x100],
  ['noatime', 0x400, 0],
  ['atime', 0, 0x400],
  ['nodiratime', 0x800, 0],
  ['diratime', 0, 0x800],
  ['bind', 0x1000, 0],
  ['rbind', 0x5000, 0],
  ['silent', 0x8000, 0],
  ['loud', 0, 0x8000],
  ['relatime', 0x200000, 0],
  ['norelatime', 0, 0x200000],
  ['iversion', 0x800000, 0],
  ['noiversion', 0, 0x800000],
  ['strictatime', 0x1000000, 0],
  ['nostrictatime', 0, 0x1000000],
  ['lazytime', 0x2000000, 0],
  ['nolazytime', 0, 0x2000000],
  ['defaults', 0, 0],
  ['acl', 0, 0],
  ['noacl', 0, 0],
]

test('every flag word sets or clears its flag and adds no data', () => {
  for (const [word, set, clear] of flagTable) {
    const parsed = parseMountOptions([word])
    assert.deepEqual([parsed.flags, parsed.clearFlags, parsed.data], [set, clear, []], word)
    assert.ok(knownMountOptions.includes(word), word)
  }
})

test('propagation words are calls of their own, in order', () => {
  const words = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave', 'unbindable', 'runbindable']
  const expected = [0x40000, 0x44000, 0x100000, 0x104000, 0x80000, 0x84000, 0x20000, 0x24000]
  assert.deepEqual(parseMountOptions(words).propagation, expected)
  assert.equal(parseMountOptions(words).flags, 0)
})

test('of two words that contradict the later one wins', () => {
  assert.deepEqual(pick(['ro', 'rw']), [0, ms.rdonly])
  assert.deepEqual(pick(['rw', 'ro']), [ms.rdonly, 0])
  assert.equal(parseMountOptions(['rro', 'rrw']).recursiveSet, 0)
  assert.equal(parseMountOptions(['rro', 'rrw']).recursiveClear, attr.rdonly)
})

function pick(words: string[]): [number, number] {
  const { flags, clearFlags } = parseMountOptions(words)
  return [flags, clearFlags]
}

test('recursive words go to mount_setattr', () => {
  const parsed = parseMountOptions(['rro', 'rnosuid', 'rnodev', 'rnoexec', 'rnosymfollow'])
  assert.equal(parsed.recursiveSet, attr.rdonly | attr.nosuid | attr.nodev | attr.noexec | attr.nosymfollow)
  assert.equal(parsed.flags, 0)
})

test('a recursive access time mode clears the whole field first, as the kernel demands', () => {
  for (const [word, bits] of [
    ['rnoatime', attr.noatime],
    ['rstrictatime', attr.strictatime],
    ['rrelatime', 0],
  ] as const) {
    const parsed = parseMountOptions([word])
    assert.equal(parsed.recursiveSet, bits, word)
    assert.equal(parsed.recursiveClear & attr.atimeMask, attr.atimeMask, word)
  }
})

test('everything else is data, also names of object properties', () => {
  const words = ['size=64m', 'mode=1777', 'constructor', 'toString', 'lowerdir=/a:/b']
  assert.deepEqual(parseMountOptions([...words, '']).data, words)
})

test('id mapping and copy-up are switches', () => {
  assert.equal(parseMountOptions(['idmap']).idmap, 'idmap')
  assert.equal(parseMountOptions(['ridmap']).idmap, 'ridmap')
  assert.equal(parseMountOptions(['tmpcopyup']).copyUp, true)
  assert.equal(parseMountOptions([]).idmap, undefined)
})
