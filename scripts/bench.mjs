// SPDX-License-Identifier: Apache-2.0
// `npm run bench`: builds, then measures ours beside the originals. `e2e/setup` must have run.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { root } from './workspace.mjs'

if (process.getuid() !== 0 || !existsSync(path.join(root, 'build/e2e/images/debian.tar'))) {
  console.error('bench: needs root, and e2e/setup first')
  process.exit(1)
}
const run = (file, argv, stdio) => spawnSync(file, argv, { cwd: root, stdio }).status ?? 1
if (run(process.execPath, ['scripts/build.mjs'], ['ignore', 'ignore', 'inherit']) !== 0) process.exit(1)
const bench = [process.execPath, '--conditions=teu-source', 'benchmarks/bench.ts', ...process.argv.slice(2)]
process.exit(run('unshare', ['--mount', '--propagation', 'private', ...bench], 'inherit'))
