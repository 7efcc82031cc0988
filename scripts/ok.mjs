// SPDX-License-Identifier: Apache-2.0
// The one gate: lint, types, structure and unit tests. Every step runs even when one before it failed.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { root } from './workspace.mjs'

const node = process.execPath
const check = (name) => [node, `scripts/check/${name}.mjs`]
const unitTests = globSync(['packages/*/src/**/*.test.ts', 'scripts/**/*.test.mjs', 'benchmarks/*.test.ts'], {
  cwd: root,
}).sort()

const steps = [
  ['lint', 'node_modules/.bin/biome', 'ci', '--error-on-warnings', '--colors=off', '.'],
  ['types', 'node_modules/.bin/tsc', '--build'],
  ['types of every source', ...check('types-complete')],
  ['import law', ...check('import-law')],
  ['import cycles', ...check('cycles')],
  ['explicit exports', ...check('exports-explicit')],
  ['declared and used dependencies', ...check('deps-declared')],
  ['file length', ...check('file-length')],
  ['project words', ...check('words')],
  ['guards of the mutants', node, 'scripts/mutants.mjs', '--check'],
  ['lock file', node, 'scripts/fix-lock.mjs', '--check'],
  ['generated files', ...check('generated-clean')],
  ['package shape', 'node_modules/.bin/lerna', 'run', 'shape', '--stream=false'],
  ['native parts', node, 'scripts/build.mjs', 'native'],
  [
    'unit tests',
    node,
    '--conditions=teu-source',
    '--test',
    '--test-isolation=none',
    '--test-reporter=dot',
    ...unitTests,
  ],
  ['reference', 'npm', 'run', '--silent', 'build', '-w', 'docs/reference'],
  ['README examples', ...check('readme-examples')],
  ['examples', ...check('examples')],
]

const failed = []
for (const [name, file, ...args] of steps) {
  const start = performance.now()
  const env = { ...process.env, NX_DAEMON: 'false', NO_COLOR: '1' }
  const { status, stdout, stderr } = spawnSync(file, args, { cwd: root, encoding: 'utf8', env, maxBuffer: 1 << 28 })
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  process.stdout.write(`${status === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)\n`)
  if (status === 0) continue
  failed.push(name)
  process.stdout.write(`${stdout}${stderr}\n`)
}
if (failed.length > 0) process.stdout.write(`not ok: ${failed.join(', ')}\n`)
process.exit(failed.length > 0 ? 1 : 0)
