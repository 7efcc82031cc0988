// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { parseCpuList } from '@teu/linux'
import type { Process, Scheduler } from '@teu/oci-spec/runtime'

/** What sched_setattr(2), ioprio_set(2) and sched_setaffinity(2) would take for something else, or not at all. @internal */
export function checkScheduling(process: Process, at: string): void {
  if (process.scheduler) checkScheduler(process.scheduler, `${at}.scheduler`)
  const { priority = 0 } = process.ioPriority ?? {}
  if (priority < 0 || priority > 7) throw invalid(`${at}.ioPriority.priority: ${priority} is not in 0 to 7`)
  for (const when of ['initial', 'final'] as const) {
    const list = process.execCPUAffinity?.[when]
    if (list === undefined || list === '') continue
    try {
      if (parseCpuList(list).length === 0) throw new RangeError(`not a list of processors: ${list}`)
    } catch (error) {
      throw invalid(`${at}.execCPUAffinity.${when}: ${(error as Error).message}`)
    }
  }
}

function checkScheduler({ policy, nice = 0, priority = 0, runtime, deadline, period }: Scheduler, at: string): void {
  const [shared, realTime] = [
    ['SCHED_OTHER', 'SCHED_BATCH'],
    ['SCHED_FIFO', 'SCHED_RR'],
  ]
  if (shared?.includes(policy) && (nice < -20 || nice > 19)) throw invalid(`${at}.nice: ${nice} is not in -20 to 19`)
  if (priority !== 0 && !realTime?.includes(policy)) {
    throw invalid(`${at}.priority: can only be specified for SCHED_FIFO and SCHED_RR`)
  }
  if ((runtime || deadline || period) && policy !== 'SCHED_DEADLINE') {
    throw invalid(`${at}: runtime, deadline and period can only be specified for SCHED_DEADLINE`)
  }
}

function invalid(message: string): StackError {
  return new StackError('invalid-argument', message)
}
