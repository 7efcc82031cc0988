// SPDX-License-Identifier: Apache-2.0
// `npm run e2e`: every file of e2e/ in a mount namespace of its own, one after the other; `npm run e2e -- podman`
// runs the files whose name has the word. `e2e/setup` must have run.
import { spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import path from 'node:path'
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

// crun and podman refuse a hybrid layout in which hugetlb is on the v2 hierarchy only; the copy of the layout that
// has it as a v1 hierarchy exists in this mount namespace alone.
const prepare = `
  mount --make-rprivate /
  if [ -d /sys/fs/cgroup/unified ] && [ ! -d /sys/fs/cgroup/hugetlb ]; then
    mount -t tmpfs -o mode=755 cgroups /mnt
    for entry in /sys/fs/cgroup/*; do
      name=\${entry##*/}
      if [ -L "$entry" ]; then cp -P "$entry" "/mnt/$name"; continue; fi
      mkdir "/mnt/$name" && mount --rbind "$entry" "/mnt/$name"
    done
    mkdir /mnt/hugetlb && mount -t cgroup -o hugetlb cgroup /mnt/hugetlb || rmdir /mnt/hugetlb
    mount --move /mnt /sys/fs/cgroup
  fi
  exec "$@"`
const argv = ['--mount', 'sh', '-c', prepare, 'sh', process.execPath]
const flags = ['--test', '--test-concurrency=1', '--test-timeout=600000', '--test-reporter=spec']
const { status } = spawnSync('unshare', [...argv, ...flags, ...files], { cwd: root, stdio: 'inherit' })
process.exit(status ?? 1)

function fail(why) {
  console.error(`e2e: ${why}`)
  process.exit(1)
}
