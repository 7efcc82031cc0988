// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

interface FuzzTargets {
  targets: Record<string, unknown>
  corpusOf: (name: string) => string
  compile: (
    name: string,
    output: string,
    how: { compiler: string; libFuzzer: boolean },
  ) => { status: number | null; stderr: string }
}

const scripts = join(dirname(createRequire(import.meta.url).resolve('@teu/linux/package.json')), 'scripts')
const { targets, corpusOf, compile }: FuzzTargets = await import(join(scripts, 'fuzz-targets.mjs'))
const skip = spawnSync('cc', ['--version']).error ? 'needs a C compiler with its sanitizers' : false

for (const name of Object.keys(targets)) {
  test(`${name}: every input that a fuzzer found is taken, whole, cut and damaged`, { skip, timeout: 120_000 }, (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'teu-corpus-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const program = join(folder, name)
    const { status, stderr } = compile(name, program, { compiler: 'cc', libFuzzer: false })
    assert.equal(status, 0, stderr)
    const inputs = readdirSync(corpusOf(name)).map((file) => join(corpusOf(name), file))
    assert.ok(inputs.length >= 3, `${inputs.length} inputs`)
    const seed = String(Date.now() % 1_000_000)
    const run = spawnSync(program, [seed, '100', ...inputs], { encoding: 'utf8', timeout: 100_000 })
    assert.equal(run.status, 0, `seed ${seed}\n${run.stderr}`)
    assert.equal(run.stdout, `${inputs.length} files\n`)
  })
}
