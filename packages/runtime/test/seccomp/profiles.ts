// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import type { LinuxSeccomp, LinuxSyscall } from '@teu/oci-spec/runtime'
import { seccompFlags, seccompOperators } from '@teu/oci-spec/runtime'
import fc from 'fast-check'
import { syscallNumbers } from '../../src/seccomp/syscall-numbers.ts'
import type { Call } from './evaluator.ts'
import { type Machine, machines } from './model.ts'

type Written = Omit<LinuxSeccomp, 'syscalls'> & { syscalls: (Omit<LinuxSyscall, 'names'> & { names: string })[] }

/** Docker's default profile for its default capabilities, on Linux 6.1, as dockerd hands it to a runtime. */
export function dockerDefault(machine: Machine['name']): LinuxSeccomp {
  const written = JSON.parse(readFileSync(new URL('docker-default.json', import.meta.url), 'utf8')) as Record<
    string,
    Written
  >
  const { syscalls, ...rest } = written[machine] as Written
  return { ...rest, syscalls: syscalls.map(({ names, ...rule }) => ({ ...rule, names: names.split(' ') })) }
}

/** Every name that any architecture has. */
export const syscallNames = [
  ...new Set(machines.flatMap(({ abis }) => abis.flatMap(({ abi }) => [...syscallNumbers(abi).keys()]))),
].sort()
const actions = ['ALLOW', 'ERRNO', 'KILL', 'KILL_THREAD', 'KILL_PROCESS', 'TRAP', 'TRACE', 'LOG'].map(
  (name) => `SCMP_ACT_${name}`,
)

const value = fc.oneof(
  fc.constantFrom(0, 1, 2, 0xff, 0x7fffffff, 0x80000000, 0xffffffff, 2 ** 32, 2 ** 32 + 1, 2 ** 40, 2 ** 53 - 1),
  fc.integer({ min: 0, max: 0xffff }),
  fc.maxSafeNat(),
)
const condition = fc.record({
  index: fc.integer({ min: 0, max: 5 }),
  op: fc.constantFrom(...seccompOperators),
  value,
  valueTwo: value,
})
const errno = fc.option(fc.oneof(fc.constantFrom(0, 1, 13, 38, 4094), fc.integer({ min: 0, max: 4094 })), {
  nil: undefined,
})

/** Rules that look at arguments name a few calls only, or a filter would not fit into what the kernel takes. */
const rule = fc
  .record({
    names: fc.oneof(
      fc.subarray(syscallNames, { minLength: 1, maxLength: 4 }),
      fc.subarray([...syscallNames, 'no_such_call', 'nor_this'], { minLength: 1, maxLength: 120 }),
      fc.constantFrom(
        ['socket', 'shmget', 'semop', 'recvmmsg'],
        ['socketcall'],
        ['ipc'],
        ['clone', 'clone3'],
        ['mseal'],
      ),
    ),
    action: fc.constantFrom(...actions),
    errnoRet: errno,
    args: fc.oneof(
      { weight: 3, arbitrary: fc.constant(undefined) },
      {
        weight: 3,
        arbitrary: fc.uniqueArray(condition, { minLength: 1, maxLength: 6, selector: ({ index }) => index }),
      },
      { weight: 1, arbitrary: fc.array(condition, { minLength: 2, maxLength: 3 }) },
    ),
  })
  .map((rule) => (rule.args === undefined ? rule : { ...rule, names: rule.names.slice(0, 12) }))

/** Any profile that the specification allows, for all architectures of both machines. */
export const profiles: fc.Arbitrary<LinuxSeccomp> = fc
  .record({
    defaultAction: fc.constantFrom(...actions),
    defaultErrnoRet: errno,
    architectures: fc.option(fc.subarray(machines.flatMap(({ abis }) => abis.map(({ listed }) => listed))), {
      nil: undefined,
    }),
    flags: fc.option(fc.subarray([...seccompFlags]), { nil: undefined }),
    syscalls: fc.array(rule, { maxLength: 12 }),
  })
  .map((profile) => withoutUndefined(profile) as unknown as LinuxSeccomp)

/**
 * The part of a profile on which libseccomp has one opinion: names that it knows, each in one rule only. What it does
 * where rules of one call overlap is looked at by itself, in {@link overlaps}.
 *
 * Version 2.5.4 forgets to load the call's number where the first call of an architecture is one that looks at arguments.
 * So some calls that do not are put before, and what i386 also has behind one number is left out.
 */
export function unambiguous(profile: LinuxSeccomp, known: ReadonlySet<string>): LinuxSeccomp {
  const plain = ['read', 'write', 'close', 'futex', 'madvise', 'brk', 'exit_group', 'getpid'].filter((name) =>
    known.has(name),
  )
  const action = profile.defaultAction === 'SCMP_ACT_ALLOW' ? 'SCMP_ACT_LOG' : 'SCMP_ACT_ALLOW'
  const taken = new Set<string>(plain)
  const syscalls = (profile.syscalls ?? []).flatMap((each) => {
    const names = each.names.filter((name) => known.has(name) && !taken.has(name) && !multiplexed.test(name))
    for (const name of names) taken.add(name)
    const { args = [] } = each
    const distinct = new Set(args.map(({ index }) => index)).size === args.length
    return names.length === 0 ? [] : [{ ...each, names, args: distinct ? args : args.slice(0, 1) }]
  })
  return { ...profile, syscalls: [{ names: plain, action }, ...syscalls] }
}

/**
 * Two rules of one call that look at up to three arguments, of few values, so that both hold for many. Left out are those
 * whose meaning libseccomp lets depend on how their words are laid out: that share the test of an upper word whose other
 * branch answers for both.
 */
export const overlaps: fc.Arbitrary<[LinuxSyscall, LinuxSyscall]> = fc
  .array(
    fc.uniqueArray(
      fc.record({
        index: fc.integer({ min: 0, max: 2 }),
        op: fc.constantFrom(...seccompOperators),
        value: fc.constantFrom(1, 2, 3, 5, 8, 2 ** 32 + 5, 2 ** 33),
        valueTwo: fc.constantFrom(0, 1, 2, 8, 2 ** 32),
      }),
      { minLength: 1, maxLength: 3, selector: ({ index }) => index },
    ),
    { minLength: 2, maxLength: 2 },
  )
  .map(([one = [], other = []]): [LinuxSyscall, LinuxSyscall] => [
    { names: ['ioctl'], action: 'SCMP_ACT_ERRNO', args: one },
    { names: ['ioctl'], action: 'SCMP_ACT_TRAP', args: other },
  ])
  .filter(([{ args: one = [] }, { args: other = [] }]) => {
    const together = one.flatMap((a) => other.flatMap((b) => (a.index === b.index ? [[a.op, b.op]] : [])))
    const isNe = (op = '') => op === 'SCMP_CMP_NE'
    const isOrder = (op = '') => /_(LT|LE|GT|GE)$/.test(op)
    const alone = one.length === 1 && other.length === 1
    return !together.some(([a, b]) => (isNe(a) && isNe(b)) || (!alone && isOrder(a) && isOrder(b)))
  })

/** Calls that i386 also has behind one number, and those numbers. */
const multiplexed =
  /^(socketcall|socket|bind|connect|listen|accept4?|get(sock|peer)name|socketpair|send(to|m?msg)?|recv(from|m?msg)?|shutdown|[sg]etsockopt|ipc|sem(op|get|ctl|timedop)|msg(snd|rcv|get|ctl)|shm(at|dt|get|ctl))$/

function withoutUndefined(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

const highest = 0xffff_ffff_ffff_ffffn

/** Every call of every ABI of a machine, numbers between and beyond them, and calls of other machines. */
export function everyNumber({ abis }: Machine): Call[] {
  const calls = abis.flatMap(({ abi, arch }) => {
    const base = abi === 'x32' ? 0x40000000 : 0
    const known = [...syscallNumbers(abi).values()]
    const low = Array.from({ length: 620 }, (_, i) => base + i)
    return [...new Set([...known, ...low, base + 1000, base + 0xfffff])].map((nr) => ({ arch, nr }))
  })
  const odd = [0xffffffff, 0x7fffffff, 0x80000000, 0x40000000].map((nr) => ({ arch: abis[0]?.arch ?? 0, nr }))
  return [...calls, ...odd, ...[0, 1, 0x12345678, 0xc00000b8].map((arch) => ({ arch, nr: 0 }))]
}

/**
 * Arguments at and beside everything that a profile compares one with: below, at, above, with other upper halves, with
 * bits outside of a mask, and each alone among arguments that satisfy the other conditions.
 */
export function argumentsFor(conditions: readonly NonNullable<LinuxSyscall['args']>[]): bigint[][] {
  const vectors: bigint[][] = [Array(6).fill(0n), Array(6).fill(highest), [1n, 2n, 3n, 4n, 5n, 6n]]
  for (const rule of conditions) {
    const good = Array<bigint>(6).fill(0n)
    for (const { index, op, value, valueTwo } of rule) {
      const wanted = BigInt(op === 'SCMP_CMP_MASKED_EQ' ? (valueTwo ?? 0) : value)
      good[index] = BigInt.asUintN(
        64,
        op === 'SCMP_CMP_NE' || op === 'SCMP_CMP_GT' ? wanted + 1n : op === 'SCMP_CMP_LT' ? wanted - 1n : wanted,
      )
    }
    vectors.push(good)
    for (const { index, value, valueTwo } of rule) {
      for (const base of [BigInt(value), BigInt(valueTwo ?? 0)]) {
        const near = [base - 1n, base, base + 1n, base ^ (1n << 32n), base ^ (1n << 63n), base | 0xff00ff00n, ~base]
        for (const argument of near) vectors.push(good.with(index, BigInt.asUintN(64, argument)))
      }
    }
  }
  return vectors
}
