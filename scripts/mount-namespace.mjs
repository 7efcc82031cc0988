// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process'
import { root } from './workspace.mjs'

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

/** Runs a program of this Node in a mount namespace of its own, with cgroups as the originals want them. */
export function runInMountNamespace(argv) {
  const { status } = spawnSync('unshare', ['--mount', 'sh', '-c', prepare, 'sh', process.execPath, ...argv], {
    cwd: root,
    stdio: 'inherit',
  })
  return status ?? 1
}
