// SPDX-License-Identifier: Apache-2.0
import type { CaseResult } from './suite.ts'

/** What a run means once the known gaps are taken into account. @public */
export interface Verdict {
  /** Failures that no gap explains. */
  unexpected: readonly CaseResult[]
  /** Gaps whose case passed: the list must shrink. */
  closed: readonly string[]
  /** Gaps that name no case of the suite. */
  unknown: readonly string[]
}

/** Reads a list of known gaps: one case name a line; blank lines and lines that start with `#` are not names. @public */
export function parseKnownGaps(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}

/** Judges results against a list of known gaps. A listed case that passes is as wrong as an unlisted one that fails. @public */
export function judge(results: readonly CaseResult[], gaps: readonly string[]): Verdict {
  const outcomes = new Map(results.map(({ name, outcome }) => [name, outcome]))
  return {
    unexpected: results.filter(({ name, outcome }) => outcome === 'failed' && !gaps.includes(name)),
    closed: gaps.filter((name) => outcomes.get(name) === 'passed'),
    unknown: gaps.filter((name) => !outcomes.has(name)),
  }
}
