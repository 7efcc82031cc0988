// SPDX-License-Identifier: Apache-2.0
import type { IoPriorityClass, LinuxIoPriority, Scheduler, SchedulerFlag, SchedulerPolicy } from '@teu/oci-spec/runtime'
import type { Step } from './program.ts'

const policies: Readonly<Record<SchedulerPolicy, number>> = {
  SCHED_OTHER: 0,
  SCHED_FIFO: 1,
  SCHED_RR: 2,
  SCHED_BATCH: 3,
  SCHED_ISO: 4,
  SCHED_IDLE: 5,
  SCHED_DEADLINE: 6,
}

const flagBits: Readonly<Record<SchedulerFlag, bigint>> = {
  SCHED_FLAG_RESET_ON_FORK: 0x01n,
  SCHED_FLAG_RECLAIM: 0x02n,
  SCHED_FLAG_DL_OVERRUN: 0x04n,
  SCHED_FLAG_KEEP_POLICY: 0x08n,
  SCHED_FLAG_KEEP_PARAMS: 0x10n,
  SCHED_FLAG_UTIL_CLAMP_MIN: 0x20n,
  SCHED_FLAG_UTIL_CLAMP_MAX: 0x40n,
}

const classes: Readonly<Record<IoPriorityClass, number>> = {
  IOPRIO_CLASS_RT: 1,
  IOPRIO_CLASS_BE: 2,
  IOPRIO_CLASS_IDLE: 3,
}

/** sched_setattr(2). @internal */
export function schedulerStep(scheduler: Scheduler): Step {
  return {
    kind: 'scheduler',
    policy: policies[scheduler.policy],
    nice: scheduler.nice ?? 0,
    priority: scheduler.priority ?? 0,
    flags: (scheduler.flags ?? []).reduce((bits, flag) => bits | flagBits[flag], 0n),
    runtime: BigInt(scheduler.runtime ?? 0),
    deadline: BigInt(scheduler.deadline ?? 0),
    period: BigInt(scheduler.period ?? 0),
  }
}

/** The word that ioprio_set(2) takes: the class above 13 bits of priority. @internal */
export function ioPriorityValue({ class: name, priority = 0 }: LinuxIoPriority): number {
  return (classes[name] << 13) | priority
}
