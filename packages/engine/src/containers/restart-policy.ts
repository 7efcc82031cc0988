// SPDX-License-Identifier: Apache-2.0
import type { RestartPolicy } from '@teu/engine-api'

/** A run that lasted this long makes the next pause short again, in milliseconds. */
const steadyRun = 10_000
const shortestPause = 100
const longestPause = 60_000

/** What a policy needs to know of a run that has ended. */
export interface EndedRun {
  exitCode: number
  stoppedByUser: boolean
  /** How often it was started again already. */
  restartCount: number
  /** How long it ran, in milliseconds. */
  duration: number
}

/**
 * How long to wait before a container is started again, in milliseconds; undefined when it is not. The pause doubles
 * with each restart, up to a minute, until a run has lasted ten seconds.
 */
export function restartPause(policy: RestartPolicy, run: EndedRun): number | undefined {
  if (run.stoppedByUser || !wanted(policy, run)) return undefined
  if (run.duration >= steadyRun) return shortestPause
  return Math.min(shortestPause * 2 ** Math.min(run.restartCount, 16), longestPause)
}

function wanted({ Name, MaximumRetryCount = 0 }: RestartPolicy, run: EndedRun): boolean {
  if (Name === 'always' || Name === 'unless-stopped') return true
  if (Name !== 'on-failure' || run.exitCode === 0) return false
  return MaximumRetryCount === 0 || run.restartCount < MaximumRetryCount
}

/** Whether a container that does not run is to be started when the engine starts. */
export function startsWithEngine({ Name }: RestartPolicy, stoppedByUser: boolean): boolean {
  return Name === 'always' || (Name === 'unless-stopped' && !stoppedByUser)
}
