// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import type { LinuxSeccomp, LinuxSeccompArg, LinuxSyscall } from '@teu/oci-spec/runtime'
import { compileSeccomp } from './compile.ts'
import { syscallNumbers } from './syscall-numbers.ts'

const allow = 0x7fff0000
const errno = (number: number) => 0x50000 + number
const kill = 0
const x64 = 0xc000003e
const i386 = 0x40000003
const arm64 = 0xc00000b7

interface Call {
  nr: number
  arch: number
  args?: bigint[]
}

/** Runs a filter as the kernel does, and fails on what the kernel's checker would refuse. */
function run(filter: Uint8Array, { nr, arch, args = [] }: Call): number {
  const code = Buffer.from(filter)
  const data = Buffer.alloc(64)
  data.writeUInt32LE(nr >>> 0, 0)
  data.writeUInt32LE(arch, 4)
  for (const [i, value] of args.entries()) data.writeBigUInt64LE(value, 16 + i * 8)
  let accumulator = 0
  for (let pc = 0; pc < code.length / 8; pc++) {
    const at = pc * 8
    const [op, k] = [code.readUInt16LE(at), code.readUInt32LE(at + 4)]
    const [whenTrue, whenFalse] = [code.readUInt8(at + 2), code.readUInt8(at + 3)]
    const jump = (holds: boolean) => {
      pc += holds ? whenTrue : whenFalse
    }
    if (op === 0x20) accumulator = data.readUInt32LE(k)
    else if (op === 0x54) accumulator = (accumulator & k) >>> 0
    else if (op === 0x05) pc += k
    else if (op === 0x15) jump(accumulator === k)
    else if (op === 0x25) jump(accumulator > k)
    else if (op === 0x35) jump(accumulator >= k)
    else if (op === 0x06) return k
    else assert.fail(`instruction ${op.toString(16)} at ${pc}`)
  }
  return assert.fail('ran off the end')
}

function number(name: string, abi: Parameters<typeof syscallNumbers>[0] = 'x86_64'): number {
  const found = syscallNumbers(abi).get(name)
  assert.ok(found !== undefined, name)
  return found
}

const rule = (names: string[], action: LinuxSyscall['action'], rest: Partial<LinuxSyscall> = {}): LinuxSyscall => ({
  names,
  action,
  ...rest,
})

const denyList = (...syscalls: LinuxSyscall[]): LinuxSeccomp => ({ defaultAction: 'SCMP_ACT_ALLOW', syscalls })
const allowList = (...names: string[]): LinuxSeccomp => ({
  defaultAction: 'SCMP_ACT_ERRNO',
  syscalls: [rule(names, 'SCMP_ACT_ALLOW')],
})

for (const [machine, arch, abi] of [
  ['x64', x64, 'x86_64'],
  ['arm64', arm64, 'aarch64'],
] as const) {
  test(`${machine}: every call gets what the profile says`, () => {
    const names = [...syscallNumbers(abi).keys()]
    const listed = names.filter((_, i) => i % 3 !== 1)
    const { filter } = compileSeccomp(allowList(...listed, 'no_such_call'), machine)
    const allowed = new Set(listed.map((name) => number(name, abi)))
    const newest = Math.max(...allowed)
    for (let nr = 0; nr < 600; nr++) {
      const expected = allowed.has(nr) ? allow : nr > newest ? errno(38) : errno(1)
      assert.equal(run(filter, { nr, arch }), expected, `call ${nr}`)
    }
    assert.equal(run(filter, { nr: number('read', abi), arch: 0x12345678 }), kill)
  })
}

test('a filter of a deny list denies nothing else', () => {
  const seccomp = denyList(
    rule(['mount', 'umount2'], 'SCMP_ACT_ERRNO', { errnoRet: 13 }),
    rule(['kexec_load'], 'SCMP_ACT_KILL_PROCESS'),
  )
  const { filter } = compileSeccomp(seccomp, 'x64')
  for (let nr = 0; nr < 600; nr++) {
    const denied = nr === number('mount') || nr === number('umount2') ? errno(13) : allow
    assert.equal(run(filter, { nr, arch: x64 }), nr === number('kexec_load') ? 0x80000000 : denied)
  }
})

test('the ABIs of a machine are told apart, and those not listed are killed', () => {
  const seccomp = allowList('read', 'mount')
  const all = compileSeccomp(
    { ...seccomp, architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
    'x64',
  ).filter
  const own = compileSeccomp({ ...seccomp, architectures: ['SCMP_ARCH_AARCH64'] }, 'x64').filter
  for (const filter of [all, own]) {
    assert.equal(run(filter, { nr: number('read'), arch: x64 }), allow)
    assert.equal(run(filter, { nr: -1, arch: x64 }), errno(1))
    assert.equal(run(filter, { nr: number('read'), arch: arm64 }), kill)
  }
  assert.equal(run(all, { nr: number('read', 'i386'), arch: i386 }), allow)
  assert.equal(run(all, { nr: number('write', 'i386'), arch: i386 }), errno(1))
  assert.equal(run(all, { nr: number('mount', 'x32'), arch: x64 }), allow)
  assert.equal(run(all, { nr: number('write', 'x32'), arch: x64 }), errno(1))
  assert.equal(run(own, { nr: number('read', 'i386'), arch: i386 }), kill)
  assert.equal(run(own, { nr: number('read', 'x32'), arch: x64 }), kill)
})

test('comparisons look at all 64 bits of an argument', () => {
  const operators: Record<string, (a: bigint, b: bigint) => boolean> = {
    SCMP_CMP_NE: (a, b) => a !== b,
    SCMP_CMP_LT: (a, b) => a < b,
    SCMP_CMP_LE: (a, b) => a <= b,
    SCMP_CMP_EQ: (a, b) => a === b,
    SCMP_CMP_GE: (a, b) => a >= b,
    SCMP_CMP_GT: (a, b) => a > b,
  }
  const samples = [0, 1, 5, 0xffffffff, 0x100000000, 0x100000005, 0x200000001, 2 ** 53 - 1]
  const arguments64 = [...samples.map(BigInt), 0xffffffffffffffffn, 0x8000000000000000n]
  for (const [op, holds] of Object.entries(operators)) {
    for (const value of samples) {
      const args = [{ index: 3, op: op as 'SCMP_CMP_EQ', value }]
      const { filter } = compileSeccomp(denyList(rule(['read'], 'SCMP_ACT_ERRNO', { args })), 'x64')
      for (const argument of arguments64) {
        const expected = holds(argument, BigInt(value)) ? errno(1) : allow
        const call = { nr: number('read'), arch: x64, args: [0n, 0n, 0n, argument] }
        assert.equal(run(filter, call), expected, `${argument} ${op} ${value}`)
      }
    }
  }
})

test('masked comparisons', () => {
  for (const [value, valueTwo] of [
    [0x7e020000, 0],
    [0xf, 0x5],
    [0x100000001, 0x100000000],
    [0, 0],
    [1, 2],
  ] as const) {
    const args = [{ index: 0, op: 'SCMP_CMP_MASKED_EQ' as const, value, valueTwo }]
    const { filter } = compileSeccomp(denyList(rule(['clone'], 'SCMP_ACT_ERRNO', { args })), 'x64')
    for (const argument of [0n, 5n, 0x15n, 0x10000000n, 0x100000000n, 0x100000001n, 0xffffffffffffffffn]) {
      // What is outside of the mask counts on neither side, as in libseccomp.
      const expected = (argument & BigInt(value)) === (BigInt(valueTwo) & BigInt(value)) ? errno(1) : allow
      assert.equal(run(filter, { nr: number('clone'), arch: x64, args: [argument] }), expected)
    }
  }
})

test('comparisons of one rule must all hold, unless they are about one argument', () => {
  const both = [
    { index: 0, op: 'SCMP_CMP_EQ' as const, value: 1 },
    { index: 1, op: 'SCMP_CMP_GT' as const, value: 2 },
  ]
  const either = both.map((arg) => ({ ...arg, index: 0 }))
  const result = (args: typeof both, ...values: bigint[]) => {
    const { filter } = compileSeccomp(denyList(rule(['read'], 'SCMP_ACT_ERRNO', { args })), 'x64')
    return run(filter, { nr: number('read'), arch: x64, args: values })
  }
  assert.deepEqual([result(both, 1n, 3n), result(both, 1n, 2n), result(both, 0n, 3n)], [errno(1), allow, allow])
  assert.deepEqual([result(either, 1n), result(either, 3n), result(either, 2n)], [errno(1), errno(1), allow])
})

test('a rule without arguments outweighs those with, wherever it stands; of others the narrower one decides', () => {
  const args = [{ index: 0, op: 'SCMP_CMP_EQ' as const, value: 1 }]
  const always = rule(['read'], 'SCMP_ACT_TRAP')
  const sometimes = rule(['read', 'write'], 'SCMP_ACT_LOG', { args })
  const wide = [{ index: 0, op: 'SCMP_CMP_LE' as const, value: 1 }]
  const later = rule(['write'], 'SCMP_ACT_TRACE', { args: wide, errnoRet: 7 })
  for (const rules of [
    [always, sometimes, later],
    [sometimes, always, later],
    [later, sometimes, always],
  ]) {
    const { filter } = compileSeccomp(denyList(...rules), 'x64')
    assert.equal(run(filter, { nr: number('read'), arch: x64, args: [1n] }), 0x30000)
    assert.equal(run(filter, { nr: number('write'), arch: x64, args: [1n] }), 0x7ffc0000)
  }
  const { filter } = compileSeccomp(denyList(later), 'x64')
  assert.equal(run(filter, { nr: number('write'), arch: x64, args: [1n] }), 0x7ff00007)
})

test('rules that ask the same and answer differently are refused, as libseccomp refuses them', () => {
  const ask = (index: number, value: number | bigint) => ({ index, op: 'SCMP_CMP_EQ' as const, value })
  const answer = (action: LinuxSyscall['action'], ...args: LinuxSeccompArg[]) => rule(['ioctl'], action, { args })
  const refused = (...rules: LinuxSyscall[]) =>
    assert.throws(() => compileSeccomp(denyList(...rules), 'x64'), {
      code: 'invalid-argument',
      message: /error adding seccomp rule for syscall ioctl: file exists$/,
    })
  refused(answer('SCMP_ACT_LOG', ask(1, 5)), answer('SCMP_ACT_TRAP', ask(1, 5)))
  refused(answer('SCMP_ACT_LOG', ask(2, 1), ask(1, 5)), answer('SCMP_ACT_TRAP', ask(1, 5)))
  // The same answer twice, or the wider one first, is no contradiction.
  compileSeccomp(denyList(answer('SCMP_ACT_LOG', ask(1, 5)), answer('SCMP_ACT_LOG', ask(1, 5))), 'x64')
  const wider = denyList(answer('SCMP_ACT_TRAP', ask(1, 5)), answer('SCMP_ACT_LOG', ask(1, 5), ask(2, 1)))
  const { filter } = compileSeccomp(wider, 'x64')
  assert.equal(run(filter, { nr: number('ioctl'), arch: x64, args: [0n, 5n, 1n] }), 0x30000)
})

test('on i386 a rule covers the call behind socketcall and ipc too', () => {
  const seccomp = {
    ...denyList(rule(['socket', 'shmget'], 'SCMP_ACT_ERRNO')),
    architectures: ['SCMP_ARCH_X86' as const],
  }
  const { filter } = compileSeccomp(seccomp, 'x64')
  const call = (name: string, first: bigint) => run(filter, { nr: number(name, 'i386'), arch: i386, args: [first] })
  assert.deepEqual([call('socketcall', 1n), call('socketcall', 2n)], [errno(1), allow])
  assert.deepEqual([call('ipc', 23n), call('ipc', 1n), call('socket', 0n)], [errno(1), allow, errno(1)])
})

test('newer calls answer ENOSYS only where the default denies otherwise', () => {
  const newest = (seccomp: LinuxSeccomp) => run(compileSeccomp(seccomp, 'x64').filter, { nr: 500, arch: x64 })
  assert.equal(newest(allowList('read')), errno(38))
  assert.equal(newest({ ...allowList('read'), defaultAction: 'SCMP_ACT_KILL' }), errno(38))
  assert.equal(newest({ ...allowList('read'), defaultErrnoRet: 38 }), errno(38))
  assert.equal(newest({ ...allowList('read'), defaultErrnoRet: 5 }), errno(38))
  assert.equal(newest(denyList(rule(['read'], 'SCMP_ACT_ERRNO'))), allow)
  assert.equal(newest({ defaultAction: 'SCMP_ACT_ERRNO' }), errno(1))
})

test('jumps reach however long a filter is', () => {
  const args = Array.from({ length: 6 }, (_, index) => ({ index, op: 'SCMP_CMP_GT' as const, value: 2 ** 40 + index }))
  const names = [...syscallNumbers('x86_64').keys()].slice(0, 90)
  const { filter } = compileSeccomp(denyList(rule(names, 'SCMP_ACT_ERRNO', { args })), 'x64')
  assert.ok(filter.length / 8 > 2000)
  const large = args.map(() => 2n ** 50n)
  for (const name of syscallNumbers('x86_64').keys()) {
    const call = { nr: number(name), arch: x64 }
    assert.equal(run(filter, { ...call, args: large }), names.includes(name) ? errno(1) : allow, name)
    assert.equal(run(filter, { ...call, args: [...large.slice(0, 5), 0n] }), allow, name)
  }
  const tooLong = [...syscallNumbers('x86_64').keys()].slice(0, 300)
  assert.throws(() => compileSeccomp(denyList(rule(tooLong, 'SCMP_ACT_ERRNO', { args })), 'x64'), /at most 4096/)
})

test('a usual profile is a shallow tree', () => {
  const names = [...syscallNumbers('x86_64').keys()].filter((_, i) => i % 7 !== 0)
  const { filter } = compileSeccomp(allowList(...names), 'x64')
  assert.ok(filter.length / 8 < 300, String(filter.length / 8))
})

test('flags', () => {
  const flags = (seccomp: Partial<LinuxSeccomp>) =>
    compileSeccomp({ defaultAction: 'SCMP_ACT_ALLOW', ...seccomp }, 'x64').flags
  assert.equal(flags({}), 4)
  assert.equal(flags({ flags: [] }), 0)
  assert.equal(flags({ flags: ['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_TSYNC'] }), 3)
  const syscalls = [rule(['mkdir'], 'SCMP_ACT_NOTIFY')]
  assert.equal(flags({ syscalls, flags: ['SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV'] }), 40)
  assert.equal(flags({ syscalls, flags: ['SECCOMP_FILTER_FLAG_TSYNC'] }), 25)
})

test('what cannot be meant is refused', () => {
  const bad: unknown[] = [
    { defaultAction: 'SCMP_ACT_NOTIFY' },
    { defaultAction: 'toString' },
    { defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 70000 },
    { defaultAction: 'SCMP_ACT_ALLOW', flags: ['constructor'] },
    denyList(rule(['write'], 'SCMP_ACT_NOTIFY')),
    denyList(rule(['read'], 'SCMP_ACT_ERRNO', { args: [{ index: 6, op: 'SCMP_CMP_EQ', value: 0 }] })),
    denyList(rule(['read'], 'SCMP_ACT_ERRNO', { args: [{ index: 0, op: 'SCMP_CMP_EQ', value: -1 }] })),
    denyList(rule(['read'], 'SCMP_ACT_ERRNO', { args: [{ index: 0, op: 'x' as 'SCMP_CMP_EQ', value: 0 }] })),
  ]
  for (const seccomp of bad) {
    assert.throws(
      () => compileSeccomp(seccomp as LinuxSeccomp, 'x64'),
      { code: 'invalid-argument' },
      JSON.stringify(seccomp),
    )
  }
  assert.throws(() => compileSeccomp(denyList(), 'riscv64'), { code: 'not-implemented' })
})
