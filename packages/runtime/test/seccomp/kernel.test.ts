// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import type { LinuxSeccomp, LinuxSeccompArg, LinuxSyscall } from '@teu/oci-spec/runtime'
import { besideOriginals } from '../../../../scripts/originals.mjs'
import type { SyscallAbi } from '../../src/seccomp/architectures.ts'
import { syscallNumbers } from '../../src/seccomp/syscall-numbers.ts'
import { rooted } from '../kit/root.ts'
import { Workshop } from '../kit/workshop.ts'
import { dockerDefault } from './profiles.ts'

const skip = rooted.skip || (process.arch === 'x64' ? false : 'probes are those of x86-64')
const source = join(
  dirname(createRequire(import.meta.url).resolve('@teu/linux/package.json')),
  'native/test/syscall-probe.c',
)
const runc = '/usr/sbin/runc'
const max = '0xffffffffffffffff'

/** A call, how it is made, and how it must end. */
type Probe = [call: string, expected: string]

const number = (name: string, abi: SyscallAbi = 'x86_64') => syscallNumbers(abi).get(name) as number
const native = (name: string, ...args: (number | string)[]) => ['native', number(name), ...args].join(':')
const i386 = (name: string, ...args: (number | string)[]) => ['i386', number(name, 'i386'), ...args].join(':')
const x32 = (name: string, ...args: (number | string)[]) => ['native', number(name, 'x32'), ...args].join(':')

/** The answers of the calls in a container with that filter, which this runtime or runc makes. */
async function answers(seccomp: LinuxSeccomp, calls: readonly string[], by: 'teu' | 'runc'): Promise<string[]> {
  await using workshop = new Workshop()
  const probe = join(workshop.directory, 'probe')
  const compiled = spawnSync('cc', ['-O1', '-static', source, '-o', probe], { encoding: 'utf8' })
  assert.equal(compiled.status, 0, compiled.stderr)
  const bundle = workshop.bundle(['/bin/probe', ...calls], (spec) => {
    spec.linux.seccomp = seccomp
    spec.process.noNewPrivileges = false
  })
  copyFileSync(probe, join(bundle, 'rootfs/bin/probe'))
  const lines = (output: string) => output.trim().split('\n')
  if (by === 'teu') return lines((await workshop.runBundle(bundle)).output)
  const args = ['--root', join(workshop.directory, 'runc'), 'run', '--bundle', bundle, `probe-${process.pid}`]
  const { stdout, stderr } = spawnSync(runc, args, { encoding: 'utf8', timeout: 30_000 })
  return lines(stdout || stderr)
}

/** Runs probes by this runtime, or beside the originals by runc, which must answer the same. */
async function check(seccomp: LinuxSeccomp, probes: readonly Probe[]): Promise<void> {
  const calls = probes.map(([call]) => call)
  const expected = probes.map(([call, answer]) => `${call} ${answer}`)
  const given = await answers(seccomp, calls, besideOriginals ? 'runc' : 'teu')
  assert.deepEqual(
    given.map((answer, index) => `${calls[index]} ${answer}`),
    expected,
  )
}

const [EPERM, EBADF, EFAULT, EINVAL, ENOSYS] = ['errno 1', 'errno 9', 'errno 14', 'errno 22', 'errno 38']

test('docker’s default profile in the kernel: what it denies, what it lets through', { ...rooted, skip }, async () => {
  await check(dockerDefault('x64'), [
    [native('mount', 0, 0, 0, 0, 0), EPERM],
    [native('keyctl', 0, 0, 0), EPERM],
    [native('bpf', 0, 0, 0), EPERM],
    [native('userfaultfd', max), EPERM],
    [native('io_uring_setup', 1, 0), EPERM],
    [native('kexec_load', 0, 0, 0, max), EPERM],
    [native('unshare', 0x10000000), EPERM],
    [native('clone3', 0, 0), ENOSYS],
    [native('close', 1000), EBADF],
    [native('memfd_create', 0, 0), EFAULT],
    [native('openat2', -1, 0, 0, 0), EINVAL],
    [native('ptrace', 0x7fff, 1, 0, 0), 'errno 3'],
    [native('socket', 38, 5, 0), EPERM],
    [native('socket', 40, 1, 0), EPERM],
    [native('socket', 1, 77, 0), EINVAL],
    [native('personality', 0xffffffff), 'result 0'],
    [native('personality', 0x40000), EPERM],
    [native('clone', 0x20000), EPERM],
    ['native:5000', ENOSYS],
    [i386('close', 1000), EBADF],
    [i386('mount', 0, 0, 0, 0, 0), EPERM],
    [x32('mount', 0, 0, 0, 0, 0), EPERM],
  ])
})

const ops: [LinuxSeccompArg['op'], LinuxSeccompArg['value'], number | undefined, hit: string[], miss: string[]][] = [
  ['SCMP_CMP_EQ', 2 ** 32 + 7, undefined, ['0x100000007'], ['7', '0x200000007', '0x100000006']],
  ['SCMP_CMP_NE', 2 ** 32 + 7, undefined, ['7', '0x100000006'], ['0x100000007']],
  ['SCMP_CMP_LT', 2 ** 32, undefined, ['0', '0xffffffff'], ['0x100000000', max]],
  ['SCMP_CMP_LE', 2 ** 32, undefined, ['0xffffffff', '0x100000000'], ['0x100000001', max]],
  ['SCMP_CMP_GT', 2 ** 32, undefined, ['0x100000001', max], ['0x100000000', '0xffffffff']],
  ['SCMP_CMP_GE', 2 ** 32, undefined, ['0x100000000', max], ['0xffffffff', '5']],
  ['SCMP_CMP_MASKED_EQ', 0xf0f, 0x105, ['0x105', '0x1f5', '0x7000000105'], ['0x104', '0x305']],
]

test('every operator in the kernel, on all 64 bits of an argument', { ...rooted, skip, timeout: 120_000 }, async () => {
  for (const [op, value, valueTwo, hit, miss] of ops) {
    const arg: LinuxSeccompArg = { index: 1, op, value, ...(valueTwo !== undefined && { valueTwo }) }
    const rule: LinuxSyscall = { names: ['ustat'], action: 'SCMP_ACT_ERRNO', errnoRet: 1234, args: [arg] }
    // There is no such device: what passes the filter fails with that.
    const probe = (argument: string, answer: string): Probe => [native('ustat', -1, argument), answer]
    await check({ defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_X86_64'], syscalls: [rule] }, [
      ...hit.map((argument) => probe(argument, 'errno 1234')),
      ...miss.map((argument) => probe(argument, EINVAL)),
    ])
  }
})

test('actions and architectures in the kernel', { ...rooted, skip }, async () => {
  const rule = (name: string, action: LinuxSyscall['action'], errnoRet?: number): LinuxSyscall => ({
    names: [name],
    action,
    ...(errnoRet !== undefined && { errnoRet }),
  })
  const syscalls = [
    rule('getpriority', 'SCMP_ACT_ERRNO'),
    rule('getpgid', 'SCMP_ACT_ERRNO', 77),
    rule('getsid', 'SCMP_ACT_KILL'),
    rule('sync_file_range', 'SCMP_ACT_KILL_PROCESS'),
    rule('fdatasync', 'SCMP_ACT_TRAP'),
    rule('flock', 'SCMP_ACT_TRACE', 5),
    rule('fchdir', 'SCMP_ACT_LOG'),
  ]
  const own: LinuxSeccomp = { defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_X86_64'], syscalls }
  await check(own, [
    [native('getpriority', 0, 0), EPERM],
    [native('getpgid', 0), 'errno 77'],
    [native('getsid', 0), 'signal 31'],
    [native('sync_file_range', -1, 0, 0, 0), 'signal 31'],
    [native('fdatasync', -1), 'signal 31'],
    [native('flock', -1, 1), ENOSYS],
    [native('fchdir', -1), EBADF],
    [native('dup', -1), EBADF],
    // An architecture that is not listed is no way around.
    [i386('dup', -1), 'signal 31'],
    [x32('dup', -1), 'signal 31'],
  ])
  const listed: LinuxSeccomp = { ...own, architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'] }
  await check(listed, [
    [i386('dup', -1), EBADF],
    [i386('getpgid', 0), 'errno 77'],
    [i386('getsid', 0), 'signal 31'],
  ])
})
