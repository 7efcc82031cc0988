// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { type LinuxSeccomp, type LinuxSeccompArg, type LinuxSyscall, seccompOperators } from '@teu/oci-spec/runtime'
import { returnValue } from './actions.ts'
import type { SyscallAbi } from './architectures.ts'
import { beginsWith, compareCases } from './case-order.ts'
import { multiplexed } from './multiplexed-calls.ts'
import { syscallNumbers } from './syscall-numbers.ts'

/** A comparison with whole operands. @internal */
export interface Comparison {
  index: number
  op: LinuxSeccompArg['op']
  value: bigint
  /** For MASKED_EQ, whose mask is `value`. */
  valueTwo: bigint
}

/**
 * What to do with one call: the first case whose comparisons all hold, else the default. They are in the order of
 * {@link compareCases}.
 *
 * @internal
 */
export interface CallRules {
  cases: { comparisons: readonly Comparison[]; result: number }[]
}

/** The rules of one ABI by number, and the highest number that the profile names. @internal */
export interface AbiRules {
  calls: Map<number, CallRules>
  newest: number
  /** Whether arguments have 32 bits. */
  narrow: boolean
}

const narrowAbis: readonly SyscallAbi[] = ['i386', 'x32', 'arm']

// ARM's private calls stand far above all others; a profile that names one does not thereby know every call below.
const firstPrivateCall = 0xf0000

/**
 * Resolves the names of a profile for one ABI. Unknown names are skipped, as are rules that only repeat the default.
 * Throws `invalid-argument` for rules that ask the same and answer differently.
 *
 * @internal
 */
export function rulesOf(seccomp: LinuxSeccomp, abi: SyscallAbi): AbiRules {
  const rules: AbiRules = { calls: new Map(), newest: -1, narrow: narrowAbis.includes(abi) }
  const defaultResult = returnValue(seccomp.defaultAction, seccomp.defaultErrnoRet)
  const numbers = syscallNumbers(abi)
  for (const rule of seccomp.syscalls ?? []) {
    const result = returnValue(rule.action, rule.errnoRet)
    const cases = casesOf(rule)
    for (const name of rule.names) {
      const number = numbers.get(name)
      if (number !== undefined && number < firstPrivateCall + (abi === 'x32' ? 0x40000000 : 0)) {
        rules.newest = Math.max(rules.newest, number)
      }
      if (result === defaultResult) continue
      if (number !== undefined) {
        refuseContradiction(rules, number, cases, result, name)
        for (const comparisons of cases) addCase(rules, number, comparisons, result)
      }
      if (abi === 'i386') for (const comparisons of cases) addMultiplexed(rules, name, comparisons, result)
    }
  }
  return rules
}

/** The first argument says there which call is meant; what a rule says of it is lost, as in libseccomp. */
function addMultiplexed(rules: AbiRules, name: string, comparisons: readonly Comparison[], result: number): void {
  const call = multiplexed(name)
  if (!call) return
  const number = syscallNumbers('i386').get(call.through) as number
  const which: Comparison = { index: 0, op: 'SCMP_CMP_EQ', value: BigInt(call.number), valueTwo: 0n }
  addCase(rules, number, [which, ...comparisons.filter(({ index }) => index !== 0)], result)
}

/** A case without comparisons holds always, and then no other matters: neither one before nor one after it. */
function addCase(rules: AbiRules, number: number, comparisons: readonly Comparison[], result: number): void {
  const call = rules.calls.get(number)
  const isAlways = comparisons.length === 0
  if (!call || (isAlways && !isUnconditional(call))) rules.calls.set(number, { cases: [{ comparisons, result }] })
  else if (!isUnconditional(call)) {
    const after = call.cases.findIndex((other) => compareCases(comparisons, other.comparisons, rules.narrow) < 0)
    call.cases.splice(after < 0 ? call.cases.length : after, 0, { comparisons, result })
  }
}

/** One that holds wherever an earlier one does, and says something else: libseccomp refuses it, in runc's words. */
function refuseContradiction(
  { calls, narrow }: AbiRules,
  number: number,
  added: readonly (readonly Comparison[])[],
  result: number,
  name: string,
): void {
  const earlier = (calls.get(number)?.cases ?? []).filter((each) => each.result !== result)
  const contradicts = (comparisons: readonly Comparison[]) =>
    comparisons.length > 0 && earlier.some((each) => beginsWith(each.comparisons, comparisons, narrow))
  if (!added.some(contradicts)) return
  const message = `unable to init seccomp: error adding seccomp rule for syscall ${name}: file exists`
  throw new StackError('invalid-argument', `unable to start container process: ${message}`)
}

function isUnconditional({ cases }: CallRules): boolean {
  return cases[0]?.comparisons.length === 0
}

/** All comparisons must hold, unless several are about one argument: then each is a case by itself, as in runc. */
function casesOf({ args = [], names }: LinuxSyscall): readonly (readonly Comparison[])[] {
  const comparisons = args.map((arg) => comparisonOf(arg, names))
  const indexes = new Set(comparisons.map(({ index }) => index))
  const cases = indexes.size === comparisons.length ? [comparisons] : comparisons.map((comparison) => [comparison])
  return cases.map((each) => each.filter((comparison) => !holdsAlways(comparison)))
}

/** A mask of nothing compares nothing. */
function holdsAlways({ op, value }: Comparison): boolean {
  return op === 'SCMP_CMP_MASKED_EQ' && value === 0n
}

function comparisonOf({ index, op, value, valueTwo }: LinuxSeccompArg, names: readonly string[]): Comparison {
  if (!Number.isInteger(index) || index < 0 || index > 5) {
    throw new StackError('invalid-argument', `invalid seccomp argument index ${index} for ${names[0]}`)
  }
  if (!seccompOperators.includes(op)) throw new StackError('invalid-argument', `invalid seccomp operator: ${op}`)
  const [first, second] = [operand(value), operand(valueTwo ?? 0)]
  // As libseccomp: what the mask takes out of the argument it takes out of the other side as well.
  return { index, op, value: first, valueTwo: op === 'SCMP_CMP_MASKED_EQ' ? second & first : second }
}

function operand(value: number | bigint): bigint {
  try {
    const whole = BigInt(value)
    if (whole >= 0n && whole <= 0xffff_ffff_ffff_ffffn) return whole
  } catch {}
  throw new StackError('invalid-argument', `invalid seccomp argument value: ${value}`)
}
