// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pairsToRecord, readPairsFile } from './env-file.ts'

let directory: string
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'teu-cli-env-'))
})
after(() => rmSync(directory, { recursive: true, force: true }))

function read(content: string | Buffer, env: Record<string, string> = {}): string[] {
  const path = join(directory, 'env')
  writeFileSync(path, content)
  return readPairsFile(path, (name) => env[name])
}

test('comments, blanks, a byte order mark and names without values', () => {
  assert.deepEqual(read('\ufeffA=1\n# no\n\n  B= two \r\nHOME\nUNSET\n', { HOME: '/h' }), ['A=1', 'B= two ', 'HOME=/h'])
})

test('a value may hold anything, a name may not', () => {
  assert.deepEqual(read('A="q" # kept\nB=a=b'), ['A="q" # kept', 'B=a=b'])
  assert.throws(() => read('a b=c'), /variable 'a b' contains whitespaces/)
  assert.throws(() => read('=c'), /no variable name on line '=c'/)
})

test('what is not UTF-8 is refused with its line', () => {
  assert.throws(() => read(Buffer.from([0x41, 0x3d, 0x0a, 0xff, 0xfe, 0x3d])), /invalid utf8 bytes at line 2/)
  assert.deepEqual(read('A=\ufffd'), ['A=\ufffd'])
})

test('a file that is missing is named as the original does', () => {
  assert.throws(() => readPairsFile('/nope/env'), { message: 'open /nope/env: no such file or directory' })
  assert.throws(() => readPairsFile('/'), { message: 'read /: is a directory' })
})

test('pairs become a record', () => {
  assert.deepEqual(pairsToRecord(['a=1', 'b', 'a=2', 'c=d=e']), { a: '2', b: '', c: 'd=e' })
})
