// SPDX-License-Identifier: Apache-2.0

/** A process that runs tests: its arguments of Node, with the spec reporter, and the name it has in messages. */
export interface TestJob {
  name: string
  argv: readonly string[]
  /** Variables of its environment beside those of this process. */
  env?: Readonly<Record<string, string>>
}

/** The outcome of all of them. */
export interface TestRun {
  /** One line for each job that failed: its name, and how. */
  red: string[]
  counts: { tests: number; pass: number; fail: number; cancelled: number; skipped: number }
  /** How many tests were skipped for which reason. */
  reasons: Map<string, number>
}

/**
 * Runs each job in a process group of its own, `concurrency` at a time. A group that is not done after `deadlineMs` is
 * killed, which makes its job red; the others go on. Each job's output goes to `write` as a whole when it has ended.
 */
export function runTestFiles(
  jobs: readonly TestJob[],
  options: { concurrency: number; deadlineMs: number; cwd: string; write: (text: string) => void },
): Promise<TestRun>

/** Kills the groups that still run. */
export function endTestFiles(): void
