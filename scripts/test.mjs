// SPDX-License-Identifier: Apache-2.0
// `npm test`: builds what is missing, then runs the unit tests in one process and everything that needs a process,
// a socket or root file by file. Without root, what needs it skips and says so.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { root } from './workspace.mjs'

const run = (...argv) => spawnSync(process.execPath, argv, { cwd: root, stdio: 'inherit' }).status ?? 1
const files = (pattern) => globSync(pattern, { cwd: root }).sort()

if (run('scripts/build.mjs') !== 0) process.exit(1)
if (process.getuid() !== 0)
  process.stdout.write('not root: tests that need namespaces, mounts or cgroups are skipped\n')

const filters = process.argv.slice(2)
const wanted = (list) => list.filter((file) => filters.length === 0 || filters.some((part) => file.includes(part)))
const conditions = ['--conditions=teu-source', '--test']
const unit = wanted(files(['packages/*/src/**/*.test.ts', 'scripts/**/*.test.mjs']))
const heavy = wanted(files('packages/*/test/**/*.test.ts'))

const unitStatus = unit.length === 0 ? 0 : run(...conditions, '--test-isolation=none', ...unit)
const heavyStatus =
  heavy.length === 0 ? 0 : run(...conditions, '--test-concurrency=2', '--test-timeout=300000', ...heavy)
process.exit(unitStatus || heavyStatus)
