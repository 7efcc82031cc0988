// SPDX-License-Identifier: Apache-2.0
// `npm test`: builds what is missing, then runs the unit tests in one process and everything that needs a process,
// a socket or root file by file. Without root, what needs it skips and says so. None needs a program that only a
// package of the originals brings: those tests are in e2e/.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { endTestFiles, runTestFiles } from './run-test-files.mjs'
import { root } from './workspace.mjs'

const write = (text) => process.stdout.write(text)
const files = (...patterns) => globSync(patterns, { cwd: root }).sort()

if (spawnSync(process.execPath, ['scripts/build.mjs'], { cwd: root, stdio: 'inherit' }).status !== 0) process.exit(1)
if (process.getuid() !== 0) write('not root: tests that need namespaces, mounts or cgroups are skipped\n')

const filters = process.argv.slice(2)
const wanted = (list) => list.filter((file) => filters.length === 0 || filters.some((part) => file.includes(part)))
const conditions = ['--conditions=teu-source', '--test-reporter=spec']
const unit = wanted(files('packages/*/src/**/*.test.ts', 'scripts/*/**/*.test.mjs', 'benchmarks/*.test.ts'))
const heavy = wanted(files('packages/*/test/**/*.test.ts', 'scripts/*.test.mjs'))
if (unit.length + heavy.length === 0) {
  write(`no test file has ${filters.join(' or ')} in its name\n`)
  process.exit(1)
}

// They are no longer of this process's group, which is what a terminal or a job's end would signal.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => {
    endTestFiles()
    process.exit(1)
  })

/** An emulated processor is some twenty times slower. */
const patience = Number(process.env.TEU_TEST_PATIENCE ?? 1)
const options = { deadlineMs: 300_000 * patience, cwd: root, write }
const together = { name: 'unit tests', argv: [...conditions, '--test', '--test-isolation=none', ...unit] }
const runs = [
  await runTestFiles(unit.length === 0 ? [] : [together], { ...options, concurrency: 1 }),
  await runTestFiles(
    heavy.map((file) => ({ name: file, argv: [...conditions, file] })),
    { ...options, concurrency: 2 },
  ),
]
report()

function report() {
  const sum = (name) => runs.reduce((total, { counts }) => total + counts[name], 0)
  const names = ['tests', 'pass', 'fail', 'cancelled', 'skipped']
  write(`\n${names.map((name) => `${name} ${sum(name)}`).join(', ')}\n`)
  for (const { reasons } of runs) for (const [reason, times] of reasons) write(`skipped ${times}: ${reason}\n`)
  const red = runs.flatMap((run) => run.red)
  for (const line of red) write(`red: ${line}\n`)
  process.exit(red.length === 0 ? 0 : 1)
}
