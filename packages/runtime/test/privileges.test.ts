// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeFifo } from '@teu/linux'
import { rooted } from './kit/root.ts'
import { Workshop } from './kit/workshop.ts'

const none = '0000000000000000'

test('capability sets are those of the spec, and an absent set is empty', rooted, async () => {
  await using workshop = new Workshop()
  const read = async (capabilities: Record<string, string[]> | undefined) => {
    const { output } = await workshop.run(['grep', 'Cap', '/proc/self/status'], (spec) => {
      if (capabilities) spec.process.capabilities = capabilities
      else delete spec.process.capabilities
    })
    return output
      .trim()
      .split('\n')
      .map((line) => line.split(':\t')[1])
  }
  assert.deepEqual(await read(undefined), [none, none, none, none, none])
  const both = ['CAP_KILL', 'CAP_CHOWN']
  const mask = '0000000000000021'
  // For user 0, execve makes effective whatever is permitted.
  assert.deepEqual(await read({ bounding: both, permitted: both, effective: ['CAP_CHOWN'] }), [
    none,
    mask,
    mask,
    mask,
    none,
  ])
  assert.deepEqual(await read({ bounding: both, permitted: both, inheritable: both, ambient: both }), [
    mask,
    mask,
    mask,
    mask,
    mask,
  ])
  assert.deepEqual(await read({ bounding: ['CAP_KILL', 'CAP_NO_SUCH'] }), [none, none, none, '0000000000000020', none])
  assert.match(workshop.warnings.join(), /ignoring unknown or unavailable capabilities: \[CAP_NO_SUCH\]/)
})

test('the user, the groups and the home are those of the spec', rooted, async () => {
  await using workshop = new Workshop()
  const { output } = await workshop.run(
    ['sh', '-c', 'id -u; id -g; grep Groups /proc/self/status; echo $HOME'],
    (spec) => {
      spec.process.user = { uid: 1000, gid: 1001, additionalGids: [7, 8] }
    },
  )
  assert.match(output, /^1000\n1001\nGroups:\s7 8 ?\n\/home\/user\n$/)
  const unknown = await workshop.run(['sh', '-c', 'echo $HOME'], (spec) => {
    spec.process.user = { uid: 4242, gid: 0 }
  })
  assert.equal(unknown.output, '/\n')
})

test('no_new_privs is set when asked for', rooted, async () => {
  await using workshop = new Workshop()
  for (const wanted of [true, false]) {
    const { output } = await workshop.run(['grep', 'NoNewPrivs', '/proc/self/status'], (spec) => {
      spec.process.noNewPrivileges = wanted
    })
    assert.equal(output, `NoNewPrivs:\t${wanted ? 1 : 0}\n`)
  }
})

test('a seccomp filter holds for init and execs, with and without no_new_privs', rooted, async () => {
  await using workshop = new Workshop()
  for (const noNewPrivileges of [true, false]) {
    const id = await workshop.running((spec) => {
      spec.process.noNewPrivileges = noNewPrivileges
      spec.process.user = { uid: 1000, gid: 1000 }
      spec.root.readonly = false
      spec.linux.seccomp = {
        defaultAction: 'SCMP_ACT_ALLOW',
        architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_AARCH64'],
        syscalls: [{ names: ['mkdir', 'mkdirat', 'no_such_call'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 }],
      }
      spec.mounts.push({ destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['mode=1777'] })
    })
    const script = 'grep Seccomp: /proc/1/status /proc/self/status; mkdir /tmp/x; touch /tmp/y && echo touched'
    const { output } = await workshop.exec(id, ['sh', '-c', script])
    assert.match(output, /^\/proc\/1\/status:Seccomp:\t2\n\/proc\/self\/status:Seccomp:\t2\n/)
    assert.match(output, /mkdir: cannot create directory '\/tmp\/x': Permission denied\ntouched\n/)
    await workshop.runtime.delete(id, { force: true })
  }
})

test('standard streams that are pipes belong to the user, files stay as they are', rooted, async () => {
  await using workshop = new Workshop()
  const fifo = join(workshop.directory, 'fifo')
  const file = join(workshop.directory, 'file')
  makeFifo(fifo)
  const fds = [openSync(fifo, 'r+'), openSync(file, 'w')] as const
  const bundle = workshop.bundle(['sh', '-c', 'echo through > /dev/stdout'], (spec) => {
    spec.process.user = { uid: 1000, gid: 1000 }
  })
  const { exited } = await workshop.runtime.create('pipes', { bundle, stdio: ['ignore', ...fds] })
  await workshop.runtime.start('pipes')
  assert.deepEqual(await exited, { exitCode: 0 })
  const text = Buffer.alloc(64)
  assert.equal(text.toString('utf8', 0, readSync(fds[0], text)), 'through\n')
  assert.equal(statSync(fifo).uid, 1000)
  assert.equal(statSync(file).uid, 0)
  for (const fd of fds) closeSync(fd)
})
