// SPDX-License-Identifier: Apache-2.0
// `npm run e2e`: every file of e2e/ in a mount namespace of its own, one after the other; `npm run e2e -- podman`
// runs the files whose name has the word. `e2e/setup` must have run.
import { spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import path from 'node:path'
import { runInMountNamespace } from './mount-namespace.mjs'
import { root } from './workspace.mjs'

if (process.getuid() !== 0) fail('needs root')
if (!existsSync(path.join(root, 'build/e2e/images/busybox.tar'))) fail('run e2e/setup first')

const words = process.argv.slice(2).filter((word) => word !== '--no-build')
if (!process.argv.includes('--no-build')) {
  const { status } = spawnSync(process.execPath, ['scripts/build.mjs'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (status !== 0) process.exit(1)
}
const files = globSync('e2e/**/*.test.ts', { cwd: root })
  .sort()
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
if (files.length === 0) fail(`no test file has ${words.join(' or ')} in its name`)

const flags = ['--test', '--test-concurrency=1', '--test-timeout=600000', '--test-reporter=spec']
process.exit(runInMountNamespace([...flags, ...files]))

function fail(why) {
  console.error(`e2e: ${why}`)
  process.exit(1)
}
