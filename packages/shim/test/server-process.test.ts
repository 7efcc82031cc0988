// SPDX-License-Identifier: Apache-2.0
// The process that start leaves behind: what its caller has to do with it, and what it is to the kernel.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ShimFixture } from './shim-fixture.ts'
import { shimsUnderTest } from './shims-under-test.ts'

const skip = process.getuid?.() === 0 ? false : 'needs root'
const shims = shimsUnderTest.filter(({ isOurs }, at) => at === 0 || !isOurs)

/** Why the kernel cannot schedule by core, in the words of errno(3); undefined when it can. Asked where nothing is spoilt. */
function noCoreScheduling(): string | undefined {
  const ask = `import { createCoreSchedulingCookie } from '@teu/linux'
    try { createCoreSchedulingCookie() } catch ({ code }) { console.log(code) }`
  const args = ['--conditions=teu-source', '--input-type=module', '--eval', ask]
  const code = execFileSync(process.execPath, args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim()
  return { '': undefined, EINVAL: 'invalid argument', ENODEV: 'no such device' }[code]
}

for (const { name, binary, binaryName, isOurs } of shims) {
  test(`${name}: the server is in the background, and is given up before its caller when memory is short`, {
    skip,
  }, async () => {
    await using fixture = await ShimFixture.create(binary)
    const bundle = await fixture.bundle({ args: ['true'], binaryName })
    // The shim's parent is this shell, as containerd is: the score can be raised, and not everybody may lower it again.
    const caller = join(fixture.folder, 'caller')
    const call = `echo 321 > /proc/$$/oom_score_adj; ${fixture.shimBinary} "$@"; exit $?`
    writeFileSync(caller, `#!/bin/sh\n${call}\n`, { mode: 0o755 })
    await fixture.start(bundle, { binary: caller })
    const [server, ...others] = fixture.shims()
    assert.deepEqual(others, [], 'nothing of start is left')
    assert.equal(readFileSync(`/proc/${server}/oom_score_adj`, 'utf8'), '322\n')
    const [parent, group, session] = statOf(server)
    assert.notEqual(parent, process.pid)
    assert.equal(group, server, 'a process group of its own')
    if (isOurs) assert.equal(session, server, 'a session of its own')
    for (const fd of [0, 1, 2]) {
      const opened = readlinkSync(`/proc/${server}/fd/${fd}`)
      // The original's standard error is its log.
      assert.ok(opened === '/dev/null' || (!isOurs && opened.endsWith('/log')), `${fd}: ${opened}`)
    }
    if (isOurs) assert.equal(readlinkSync(`/proc/${server}/cwd`), '/')
  })

  test(`${name}: with SCHED_CORE it starts where the kernel schedules by core, and nowhere else`, {
    skip,
  }, async () => {
    await using fixture = await ShimFixture.create(binary)
    const start = async (value: string) => {
      const bundle = await fixture.bundle({ args: ['true'], binaryName })
      await fixture.start(bundle, { serves: undefined, env: { SCHED_CORE: value } })
    }
    const reason = noCoreScheduling()
    if (reason === undefined) await start('1')
    else await assert.rejects(start('1'), { message: new RegExp(`enable sched core support: ${reason}$`) })
    assert.equal(fixture.shims().length, reason === undefined ? 1 : 0)
    await start('')
    assert.equal(fixture.shims().length, reason === undefined ? 2 : 1)
  })
}

/** The parent, the process group and the session of a process, proc_pid_stat(5). */
function statOf(pid: number | undefined): number[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat
    .slice(stat.lastIndexOf(')') + 4)
    .split(' ')
    .slice(0, 3)
    .map(Number)
}
