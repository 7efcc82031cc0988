// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Process } from '@teu/oci-spec/runtime'
import { cgroupEntry } from './cgroup-entry.ts'
import { compileExec, type ExecContext } from './compile-exec.ts'
import { limitNumber } from './process.ts'

const process: Process = { user: { uid: 1, gid: 2, additionalGids: [3, 3] }, args: ['a'], env: ['A=1'], cwd: '/' }

const context: ExecContext = {
  process,
  capabilities: { bounding: 0n, effective: 0n, permitted: 0n, inheritable: 0n, ambient: 0n },
  seccomp: undefined,
  setGroups: true,
  addedEnvironment: ['LISTEN_FDS=1'],
  namespaces: [
    { type: 'mount', path: '/proc/9/ns/mnt' },
    { type: 'user', path: '/proc/9/ns/user' },
    { type: 'pid', path: '/proc/9/ns/pid' },
  ],
  privileged: true,
  ownOomScore: 0,
  extraFds: 1,
  umask: 0o22,
}

const none = { effective: 0n, permitted: 0n, inheritable: 0n, ambient: 0n }

test('an exec joins and becomes the user', () => {
  assert.deepEqual(compileExec(context), [
    { kind: 'open', slot: 8, path: '/proc/9/ns/pid', flags: 0 },
    { kind: 'open', slot: 9, path: '/proc/9/ns/mnt', flags: 0 },
    { kind: 'open', slot: 10, path: '/proc/9/ns/user', flags: 0 },
    { kind: 'join', namespace: 0x2000_0000, slot: 8 },
    { kind: 'join', namespace: 0x0002_0000, slot: 9 },
    { kind: 'join', namespace: 0x1000_0000, slot: 10 },
    { kind: 'spawn', cgroup: -1, wait: 1 },
    { kind: 'close-procfs' },
    { kind: 'new-session' },
    { kind: 'umask', mask: 0o22 },
    { kind: 'bounding', mask: 0n },
    { kind: 'working-directory', path: '/', phase: 0 },
    { kind: 'standard-streams', uid: 1, gid: 2 },
    { kind: 'user', uid: 1, gid: 2, groups: [3], setGroups: 1 },
    { kind: 'working-directory', path: '/', phase: 1 },
    { kind: 'capabilities', ...none },
    { kind: 'environment', variables: ['A=1', 'LISTEN_FDS=1'] },
    { kind: 'home', uid: 1 },
    { kind: 'lookup', name: 'a' },
    { kind: 'ready' },
    { kind: 'execute', args: ['a'], extra: 1 },
  ])
})

test('an exec enters the cgroup by itself, and only then its namespace', () => {
  const steps = compileExec({
    ...context,
    namespaces: [
      { type: 'cgroup', path: '/proc/9/ns/cgroup' },
      { type: 'mount', path: '/proc/9/ns/mnt' },
    ],
    cgroupEntry: cgroupEntry({ cpu: '/c/cpu/x', cpuacct: '/c/cpu/x', pids: '/c/pids/x', '': '/c/unified/x' }),
  })
  assert.deepEqual(steps.slice(0, 12), [
    { kind: 'open', slot: 16, path: '/c/cpu/x/tasks', flags: 1 },
    { kind: 'open', slot: 17, path: '/c/pids/x/tasks', flags: 1 },
    { kind: 'open', slot: 18, path: '/c/unified/x', flags: 0o10000000 },
    { kind: 'open', slot: 8, path: '/proc/9/ns/cgroup', flags: 0 },
    { kind: 'open', slot: 9, path: '/proc/9/ns/mnt', flags: 0 },
    { kind: 'join', namespace: 0x0002_0000, slot: 9 },
    { kind: 'spawn', cgroup: 18, wait: 0 },
    { kind: 'close-procfs' },
    { kind: 'join-cgroup', slot: 16 },
    { kind: 'join-cgroup', slot: 17 },
    { kind: 'join', namespace: 0x0200_0000, slot: 8 },
    { kind: 'new-session' },
  ])
})

test('more hierarchies than there is room for are left to the parent', () => {
  const paths = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`c${index}`, `/c/${index}/x`]))
  assert.equal(cgroupEntry(paths), undefined)
})

test('a caller without privileges enters the user namespace first', () => {
  const steps = compileExec({ ...context, privileged: false })
  assert.deepEqual(
    steps.flatMap((step) => (step.kind === 'join' ? [step.namespace] : [])),
    [0x1000_0000, 0x2000_0000, 0x0002_0000],
  )
})

test('procfs is closed at once, and what a label is written to is opened before', () => {
  const steps = compileExec({
    ...context,
    process: { ...process, apparmorProfile: 'p', selinuxLabel: 'l' },
    seccomp: { filter: new Uint8Array(8), flags: 8, listener: { prefix: '', middle: '', suffix: '', slot: 2 } },
  })
  const start = steps.findIndex(({ kind }) => kind === 'spawn') + 1
  assert.deepEqual(steps.slice(start, start + 3), [
    { kind: 'label', module: 0 },
    { kind: 'label', module: 1 },
    { kind: 'close-procfs' },
  ])
  assert.ok(steps.some((step) => step.kind === 'apparmor' && step.profile === 'p'))
})

test('a home of its own is kept, an empty one is looked up', () => {
  const home = (env: string[]) => {
    const steps = compileExec({ ...context, process: { ...process, env }, addedEnvironment: [] })
    const environment = steps.find((step) => step.kind === 'environment')
    return [environment?.variables, steps.some(({ kind }) => kind === 'home')]
  }
  assert.deepEqual(home(['HOME=/h']), [['HOME=/h'], false])
  assert.deepEqual(home(['HOME=']), [[], true])
})

test('a limit keeps all its bits, and the number that stands for all of them is all of them', () => {
  assert.equal(limitNumber(1024), 1024n)
  assert.equal(limitNumber(2 ** 64), 0xffff_ffff_ffff_ffffn)
  assert.equal(limitNumber(2n ** 64n - 2n), 0xffff_ffff_ffff_fffen)
  assert.equal(limitNumber(2 ** 63), 2n ** 63n)
})
