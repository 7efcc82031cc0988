// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

const native = join(dirname(createRequire(import.meta.url).resolve('@teu/linux/package.json')), 'native')
const directory = mkdtempSync(join(tmpdir(), 'teu-parser-'))
const program = join(directory, 'parser')
const flags = ['-std=gnu11', '-g', '-O1', '-Wall', '-Wextra', '-Werror', '-fno-sanitize-recover=all']
const built = spawnSync('cc', [
  ...flags,
  '-fsanitize=address,undefined',
  '-I',
  native,
  join(native, 'test/parser.c'),
  join(native, 'init/record.c'),
  '-o',
  program,
])
const skip = built.error ? 'needs a C compiler with its sanitizers' : false

test('the parser of launch programs survives every truncation and 20,000 damaged programs', { skip }, (t) => {
  t.after(() => rmSync(directory, { recursive: true }))
  assert.equal(built.status, 0, String(built.stderr))
  const seed = String(Date.now() % 1_000_000)
  const { status, stdout, stderr } = spawnSync(program, [seed, '20000'], { encoding: 'utf8', timeout: 120_000 })
  assert.equal(status, 0, `seed ${seed}\n${stderr}`)
  assert.equal(stdout, 'ok\n')
})
