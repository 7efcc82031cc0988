// SPDX-License-Identifier: Apache-2.0
import { type BackwardAssembler, bpf, type Label } from './assembler.ts'
import { comparisonCode } from './comparison-code.ts'
import type { AbiRules, CallRules } from './rules.ts'

/** What a filter answers to calls without a rule. @internal */
export interface DispatchDefaults {
  /** The profile's default. */
  result: number
  /** The answer to calls above the newest that the profile names; absent where that is the default too. */
  newerResult?: number
  /** Arguments are 32 bits wide. */
  narrow: boolean
}

/** All calls from `first` up to the next interval's first get the same treatment. */
interface Interval {
  first: number
  /** A result, or rules that look at arguments. */
  treatment: number | CallRules
}

/**
 * The code that finds the treatment of a call whose number is in the accumulator: a balanced tree over intervals of
 * numbers. Neighbours with one result are one interval, which makes a usual profile a tree of about six levels.
 *
 * @internal
 */
export function dispatchCode(
  code: BackwardAssembler,
  rules: AbiRules,
  defaults: DispatchDefaults,
  firstNumber = 0,
): Label {
  const emit = (treatment: number | CallRules): Label =>
    typeof treatment === 'number' ? code.result(treatment) : chainCode(code, treatment, defaults)
  const tree = (intervals: readonly Interval[]): Label => {
    const middle = intervals.length >> 1
    if (middle === 0) return emit((intervals[0] as Interval).treatment)
    const upper = tree(intervals.slice(middle))
    const lower = tree(intervals.slice(0, middle))
    return code.branch(bpf.jumpGreaterEqual, (intervals[middle] as Interval).first, upper, lower)
  }
  return tree(intervalsOf(rules, defaults, firstNumber))
}

function intervalsOf({ calls, newest }: AbiRules, defaults: DispatchDefaults, firstNumber: number): Interval[] {
  const intervals: Interval[] = [{ first: firstNumber, treatment: unnamed(firstNumber, newest, defaults) }]
  const add = (first: number, treatment: number | CallRules) => {
    const last = intervals.at(-1) as Interval
    if (last.first === first) last.treatment = treatment
    else if (last.treatment !== treatment) intervals.push({ first, treatment })
  }
  const boundaries = new Set([...calls.keys(), ...[...calls.keys(), newest].map((number) => number + 1)])
  for (const number of [...boundaries].filter((at) => at >= firstNumber).sort((a, b) => a - b)) {
    const call = calls.get(number)
    add(number, call ? simplified(call, defaults) : unnamed(number, newest, defaults))
  }
  return intervals
}

function unnamed(number: number, newest: number, defaults: DispatchDefaults): number {
  // A profile that names nothing at all says nothing about what is new.
  const isNewer = newest >= 0 && number > newest
  return isNewer ? (defaults.newerResult ?? defaults.result) : defaults.result
}

/** A call whose rules do not look at arguments is a plain result. */
function simplified(call: CallRules, defaults: DispatchDefaults): number | CallRules {
  const [first] = call.cases
  if (!first) return defaults.result
  return first.comparisons.length === 0 ? first.result : call
}

function chainCode(code: BackwardAssembler, call: CallRules, defaults: DispatchDefaults): Label {
  let next = code.result(defaults.result)
  for (const { comparisons, result } of call.cases.toReversed()) {
    const otherwise = next
    next = code.result(result)
    for (const comparison of comparisons.toReversed()) {
      next = comparisonCode(code, comparison, defaults.narrow, next, otherwise)
    }
  }
  return next
}
