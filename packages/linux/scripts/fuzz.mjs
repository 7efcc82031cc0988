// SPDX-License-Identifier: Apache-2.0

/**
 * Fuzzes the parsers of teu-init with libFuzzer under AddressSanitizer and UndefinedBehaviorSanitizer, starting from the
 * inputs in native/fuzz/corpus. Ends with 1 and leaves the input behind when one is broken by it.
 *
 *   node packages/linux/scripts/fuzz.mjs [--seconds 60] [--target NAME] [--keep]
 *
 * The time is that of all targets together. With --keep, inputs that reach new code are added to the corpus.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { compile, corpusOf, targets } from './fuzz-targets.mjs'

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    target: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
})
const compiler = process.env.CLANG ?? 'clang'
const names = options.target === undefined ? Object.keys(targets) : [options.target]
const seconds = Math.max(1, Math.floor(Number(options.seconds) / names.length))
const folder = mkdtempSync(join(tmpdir(), 'teu-fuzz-'))
let failed = false

for (const name of names) {
  if (!Object.hasOwn(targets, name)) stop(`no target ${name}: there are ${Object.keys(targets).join(', ')}`)
  if (Number.isNaN(seconds)) stop(`${options.seconds} is no number of seconds`)
  fuzz(name)
}
if (!failed) rmSync(folder, { recursive: true })
process.exit(failed ? 1 : 0)

function fuzz(name) {
  const program = join(folder, name)
  const compiled = compile(name, program, { compiler, libFuzzer: true })
  if (compiled.error || compiled.status !== 0) {
    const missing = compiled.error || /libclang_rt|-lclang_rt|cannot find/.test(compiled.stderr)
    if (!missing) stop(compiled.stderr)
    stop(
      'fuzzing needs clang with its run-time library: apt-get install --no-install-recommends clang libclang-rt-14-dev' +
        ' (or the libclang-rt-<version>-dev of your clang; CLANG names another compiler)',
    )
  }
  const corpus = corpusOf(name)
  const found = join(folder, `${name}-found`)
  mkdirSync(found)
  const run = spawnSync(
    program,
    [
      `-max_total_time=${seconds}`,
      `-max_len=${targets[name].maximumLength}`,
      '-timeout=5',
      '-rss_limit_mb=512',
      '-print_final_stats=1',
      `-artifact_prefix=${folder}/${name}-`,
      found,
      corpus,
    ],
    { encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, ASAN_OPTIONS: 'detect_leaks=1' } },
  )
  if (run.status === 0) {
    const [, executed = '?'] = /number_of_executed_units: (\d+)/.exec(run.stderr) ?? []
    const [, covered = '?'] = [...run.stderr.matchAll(/cov: (\d+)/g)].at(-1) ?? []
    const { length: inputs } = readdirSync(corpus)
    console.log(`ok   ${name}: ${executed} inputs in ${seconds} s, ${covered} edges, ${inputs} in the corpus`)
    if (options.keep) spawnSync(program, ['-merge=1', `-max_len=${targets[name].maximumLength}`, corpus, found])
    return
  }
  failed = true
  console.log(`FAIL ${name}\n${run.stderr.slice(-6000)}\nthe input is in ${folder}`)
}

function stop(message) {
  console.error(message)
  rmSync(folder, { recursive: true, force: true })
  process.exit(1)
}
