// SPDX-License-Identifier: Apache-2.0

/** One behaviour of a seam, checked through the seam alone. @public */
export interface ConformanceCase<Context> {
  /** A sentence that says what must hold; unique in its suite, and the name by which known gaps list it. */
  name: string
  /** What the implementation must claim to support for the case to apply. */
  requires?: readonly string[]
  /** Throws when the behaviour does not hold. */
  run(context: Context): Promise<void>
}

/** All cases of one seam, and how a run of them is set up. @public */
export interface ConformanceSuite<Context> {
  /** The seam's name, which is the program's subcommand. */
  seam: string
  cases: readonly ConformanceCase<Context>[]
}

/** How one case ended. @public */
export interface CaseResult {
  name: string
  outcome: 'passed' | 'failed' | 'skipped'
  /** Why it failed or was skipped. */
  reason?: string
  /** Milliseconds. */
  duration: number
}
