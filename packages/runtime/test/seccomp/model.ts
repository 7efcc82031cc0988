// SPDX-License-Identifier: Apache-2.0
import type { LinuxSeccomp, LinuxSeccompArg, LinuxSyscall } from '@teu/oci-spec/runtime'
import type { SyscallAbi } from '../../src/seccomp/architectures.ts'
import { syscallNumbers } from '../../src/seccomp/syscall-numbers.ts'
import type { Call } from './evaluator.ts'

/** A processor: what it runs, as `process.arch` and the audit numbers have it. */
export interface Machine {
  name: 'x64' | 'arm64'
  /** The own ABI first. */
  abis: readonly { abi: SyscallAbi; arch: number; listed: string; narrow: boolean }[]
}

const x64 = 0xc000003e
export const machines: readonly Machine[] = [
  {
    name: 'x64',
    abis: [
      { abi: 'x86_64', arch: x64, listed: 'SCMP_ARCH_X86_64', narrow: false },
      { abi: 'i386', arch: 0x40000003, listed: 'SCMP_ARCH_X86', narrow: true },
      { abi: 'x32', arch: x64, listed: 'SCMP_ARCH_X32', narrow: true },
    ],
  },
  {
    name: 'arm64',
    abis: [
      { abi: 'aarch64', arch: 0xc00000b7, listed: 'SCMP_ARCH_AARCH64', narrow: false },
      { abi: 'arm', arch: 0x40000028, listed: 'SCMP_ARCH_ARM', narrow: true },
    ],
  },
]

const actions: Record<string, number> = {
  SCMP_ACT_KILL: 0,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_TRAP: 0x30000,
  SCMP_ACT_ERRNO: 0x50000,
  SCMP_ACT_NOTIFY: 0x7fc00000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
}
const [kill, enosys] = [0, 0x50026]
const x32Bit = 0x40000000

/** The 32-bit calls behind one number: socketcall(2) and ipc(2), by the name of what they do. */
const behind: Record<string, [common: string, number: bigint]> = Object.fromEntries([
  ...'socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom shutdown setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg'
    .split(' ')
    .map((name, i) => [name, ['socketcall', BigInt(i + 1)]] as const),
  ...(
    [
      ['semop', 1],
      ['semget', 2],
      ['semctl', 3],
      ['semtimedop', 4],
      ['msgsnd', 11],
      ['msgrcv', 12],
      ['msgget', 13],
      ['msgctl', 14],
      ['shmat', 21],
      ['shmdt', 22],
      ['shmget', 23],
      ['shmctl', 24],
    ] as const
  ).map(([name, number]) => [name, ['ipc', BigInt(number)]] as const),
])

/**
 * What libseccomp and runc make of a profile, said again from the documents and without a filter: the answer to one
 * call, found by looking through the profile.
 */
export class ProfileModel {
  readonly #profile: LinuxSeccomp
  readonly #machine: Machine
  readonly #names = new Map<SyscallAbi, Map<number, string>>()
  readonly #newest = new Map<SyscallAbi, number>()

  constructor(profile: LinuxSeccomp, machine: Machine) {
    this.#profile = profile
    this.#machine = machine
    for (const { abi } of machine.abis) {
      const numbers = syscallNumbers(abi)
      this.#names.set(abi, new Map([...numbers].map(([name, number]) => [number, name])))
      const named = (profile.syscalls ?? []).flatMap(({ names }) => names.map((name) => numbers.get(name) ?? -1))
      this.#newest.set(abi, Math.max(-1, ...named.filter((number) => (number & ~x32Bit) < 0xf0000)))
    }
  }

  answer({ arch, nr, args = [] }: Call): number {
    const abi = this.#abiOf(arch, nr)
    if (abi === undefined) return kill
    const name = this.#names.get(abi.abi)?.get(nr)
    const number = nr >>> 0
    if (arch === x64 && number === 0xffffffff) return this.#default
    const answer = name === undefined ? undefined : this.#rulesAnswer(name, args, abi)
    if (answer !== undefined) return answer
    // The private calls of ARM stand above all others; one that has a rule is no newer call.
    if (name !== undefined && this.#rulesOf(name).length > 0) return this.#default
    return this.#isNewer(abi.abi, number) ? enosys : this.#default
  }

  get #default(): number {
    return wordOf(this.#profile.defaultAction, this.#profile.defaultErrnoRet)
  }

  #abiOf(arch: number, nr: number): Machine['abis'][number] | undefined {
    const isX32 = arch === x64 && nr >>> 0 >= x32Bit && nr >>> 0 !== 0xffffffff
    return this.#machine.abis.find(({ abi, arch: own, listed }, index) => {
      if (own !== arch || (arch === x64 && isX32 !== (abi === 'x32'))) return false
      return index === 0 || this.#profile.architectures?.some((name) => name === listed)
    })
  }

  /** A rule without conditions counts before all others; of those with, the first that holds in libseccomp's order. */
  #rulesAnswer(name: string, args: readonly bigint[], { abi, narrow }: Machine['abis'][number]): number | undefined {
    const rules = this.#rulesOf(name)
    const always = rules.find(({ args: conditions = [] }) =>
      areAlternatives(conditions) ? conditions.some(comparesNothing) : conditions.every(comparesNothing),
    )
    if (always !== undefined) return wordOfRule(always)
    const cases: { conditions: LinuxSeccompArg[]; word: number }[] = []
    for (const rule of this.#profile.syscalls ?? []) {
      if (wordOfRule(rule) === this.#default) continue
      for (const each of rule.names) {
        const added = each === name ? casesOf(rule.args ?? []) : []
        if (abi === 'i386') added.push(...casesBehind(each, name, rule.args ?? []))
        for (const conditions of added) {
          const at = cases.findIndex((other) => isBefore(conditions, other.conditions, narrow))
          cases.splice(at < 0 ? cases.length : at, 0, { conditions, word: wordOfRule(rule) })
        }
      }
    }
    return cases.find(({ conditions }) => conditions.every((each) => compare(each, args[each.index] ?? 0n, narrow)))
      ?.word
  }

  /** Those that do not only repeat the default. */
  #rulesOf(name: string): LinuxSyscall[] {
    const rules = this.#profile.syscalls ?? []
    return rules.filter((rule) => rule.names.includes(name) && wordOfRule(rule) !== this.#default)
  }

  #isNewer(abi: SyscallAbi, number: number): boolean {
    const newest = this.#newest.get(abi) as number
    const { defaultAction, defaultErrnoRet } = this.#profile
    if (newest < 0 || number <= newest || defaultErrnoRet === 38) return false
    return !['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE'].includes(defaultAction)
  }
}

function wordOfRule({ action, errnoRet }: LinuxSyscall): number {
  return wordOf(action, errnoRet)
}

function wordOf(action: string, errno = 1): number {
  const word = actions[action] as number
  return action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE' ? word + errno : word
}

/** Several conditions on one argument are alternatives, as runc adds them; otherwise all must hold. */
function casesOf(conditions: readonly LinuxSeccompArg[]): LinuxSeccompArg[][] {
  const cases = areAlternatives(conditions) ? conditions.map((condition) => [condition]) : [[...conditions]]
  return cases.map((each) => each.filter((condition) => !comparesNothing(condition)))
}

/** On i386 a rule also covers its call behind the common number, whose first argument says which one is meant. */
function casesBehind(each: string, name: string, conditions: readonly LinuxSeccompArg[]): LinuxSeccompArg[][] {
  const [common, number] = behind[each] ?? []
  if (common !== name || number === undefined) return []
  const which: LinuxSeccompArg = { index: 0, op: 'SCMP_CMP_EQ', value: number }
  return casesOf(conditions).map((rest) => [which, ...rest.filter(({ index }) => index !== 0)])
}

const equalities = ['SCMP_CMP_EQ', 'SCMP_CMP_NE', 'SCMP_CMP_MASKED_EQ']
const lesses = ['SCMP_CMP_LT', 'SCMP_CMP_LE']

/** Whether `a` is asked before `b`, which the profile has before it: by its first condition that is another one. */
function isBefore(a: readonly LinuxSeccompArg[], b: readonly LinuxSeccompArg[], narrow: boolean): boolean {
  const byIndex = (list: readonly LinuxSeccompArg[]) => list.toSorted((one, other) => one.index - other.index)
  const [mine, others] = [byIndex(a), byIndex(b)]
  for (const [at, { index, op, ...rest }] of mine.entries()) {
    const other = others[at]
    if (other === undefined) return false
    if (index !== other.index) return index > other.index
    const kind = (name: string) => (equalities.includes(name) ? 0 : lesses.includes(name) ? 1 : 2)
    if (kind(op) !== kind(other.op)) return kind(op) < kind(other.op)
    // Word by word, the upper one first; words that look at other bits are not compared any further.
    for (const shift of narrow ? [0n] : [32n, 0n]) {
      const word = (number: number | bigint = 0) => (BigInt(number) >> shift) & 0xffffffffn
      const wanted = (each: Pick<LinuxSeccompArg, 'value' | 'valueTwo'>, name: string) =>
        name === 'SCMP_CMP_MASKED_EQ' ? word(each.valueTwo) & word(each.value) : word(each.value)
      const [own, theirs] = [wanted(rest, op), wanted(other, other.op)]
      if (own !== theirs) return kind(op) === 1 ? own < theirs : own > theirs
      const looksAt = (each: Pick<LinuxSeccompArg, 'value'>, name: string) => {
        if (name === 'SCMP_CMP_MASKED_EQ') return `masked ${word(each.value)}`
        return kind(name) === 0 ? 'equal' : shift > 0n || /_(GT|LE)$/.test(name) ? 'greater' : 'greater or equal'
      }
      if (looksAt(rest, op) !== looksAt(other, other.op)) return false
    }
  }
  return false
}

/** A mask of nothing: libseccomp takes it as no condition at all. */
function comparesNothing({ op, value }: LinuxSeccompArg): boolean {
  return op === 'SCMP_CMP_MASKED_EQ' && BigInt(value) === 0n
}

function areAlternatives(conditions: readonly LinuxSeccompArg[]): boolean {
  return new Set(conditions.map(({ index }) => index)).size < conditions.length
}

function compare({ op, value, valueTwo = 0 }: LinuxSeccompArg, argument: bigint, narrow: boolean): boolean {
  const width = (number: bigint) => (narrow ? BigInt.asUintN(32, number) : number)
  const [given, wanted, second] = [width(argument), width(BigInt(value)), width(BigInt(valueTwo))]
  switch (op) {
    case 'SCMP_CMP_NE':
      return given !== wanted
    case 'SCMP_CMP_LT':
      return given < wanted
    case 'SCMP_CMP_LE':
      return given <= wanted
    case 'SCMP_CMP_EQ':
      return given === wanted
    case 'SCMP_CMP_GE':
      return given >= wanted
    case 'SCMP_CMP_GT':
      return given > wanted
    case 'SCMP_CMP_MASKED_EQ':
      return (given & wanted) === (second & wanted)
  }
}
