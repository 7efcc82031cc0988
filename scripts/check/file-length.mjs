// SPDX-License-Identifier: Apache-2.0
// A hand-written file has at most 500 lines, a C file at most 400: what is longer does more than one thing.
import { globSync } from 'node:fs'
import { isGenerated, read, root, sources } from '../workspace.mjs'

const limits = [
  {
    limit: 500,
    files: [...sources('packages/*', { tests: true }), ...sources('{examples,e2e,benchmarks}', { tests: true })],
  },
  { limit: 500, files: globSync('{scripts,packages/*/scripts}/**/*.mjs', { cwd: root }) },
  { limit: 400, files: globSync('packages/linux/native/**/*.{c,h}', { cwd: root }) },
]
let failed = false
for (const { limit, files } of limits) {
  for (const file of files.filter((name) => !isGenerated(name))) {
    const lines = read(file).split('\n').length - 1
    if (lines <= limit) continue
    console.error(`${file}: ${lines} lines, the limit is ${limit}`)
    failed = true
  }
}
process.exit(failed ? 1 : 0)
