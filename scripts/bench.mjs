// SPDX-License-Identifier: Apache-2.0
// `npm run bench`: builds, then measures ours beside the originals. `e2e/setup` must have run.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { runInMountNamespace } from './mount-namespace.mjs'
import { root } from './workspace.mjs'

if (process.getuid() !== 0 || !existsSync(path.join(root, 'build/e2e/images/debian.tar'))) {
  console.error('bench: needs root, and e2e/setup first')
  process.exit(1)
}
const build = spawnSync(process.execPath, ['scripts/build.mjs'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
if (build.status !== 0) process.exit(1)
process.exit(runInMountNamespace(['--conditions=teu-source', 'benchmarks/bench.ts', ...process.argv.slice(2)]))
