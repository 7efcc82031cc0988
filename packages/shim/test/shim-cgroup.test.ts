// SPDX-License-Identifier: Apache-2.0
// The cgroup of a shim on a host that has several hierarchies, and in some of them only.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { detectCgroups, readProcessCgroups } from '@teu/linux'
import { joinShimCgroup } from '../src/bootstrap/shim-cgroup.ts'

const skip = process.getuid?.() === 0 ? false : 'needs root'

/** A hierarchy: its folder, and how a process's cgroups name it. */
function hierarchies(): { folder: string; name: string }[] {
  const setup = detectCgroups()
  if (setup.mode === 'none') return []
  // A new v1 cpuset takes nobody before it has processors.
  const own = setup.hierarchies.filter(({ controllers }) => !controllers.includes('cpuset'))
  const named = own.map(({ mountPoint, controllers: [name = ''] }) => ({ folder: mountPoint, name }))
  return setup.unified === undefined ? named : [...named, { folder: setup.unified.mountPoint, name: '' }]
}

for (const { folder, name } of skip ? [] : hierarchies()) {
  test(`a shim joins a cgroup that only the hierarchy ${name || 'of version 2'} has`, { skip }, async () => {
    const path = `teu-test-${randomBytes(4).toString('hex')}`
    const child = spawn('sleep', ['1000'], { stdio: 'ignore' })
    const ended = once(child, 'exit')
    try {
      const pid = child.pid as number
      await assert.rejects(joinShimCgroup(pid, `/${path}`), { code: 'not-found', message: /^failed to load cgroup/ })
      mkdirSync(join(folder, path))
      const before = readProcessCgroups(pid)
      await joinShimCgroup(pid, name === '' ? path : `/${path}`)
      const after = readProcessCgroups(pid)
      assert.equal(after.get(name), `/${path}`)
      const moved = [...after].filter(([other, cgroup]) => before.get(other) !== cgroup).map(([other]) => other)
      assert.ok(moved.includes(name) && !moved.includes('cpuset'), moved.join(' '))
    } finally {
      child.kill('SIGKILL')
      await ended
      rmdirSync(join(folder, path))
    }
  })
}
