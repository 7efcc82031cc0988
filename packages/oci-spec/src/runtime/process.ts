// SPDX-License-Identifier: Apache-2.0

/** The program of a container, or of an `exec` in it (`process.json`). @public */
export interface Process {
  /** Whether stdio is a new pseudo-terminal. Default false. */
  terminal?: boolean
  /** Size of the new terminal in characters. Ignored without `terminal`. */
  consoleSize?: Box
  /** Validation puts user 0 and group 0 where a document names none. */
  user: User
  /** The program and its arguments; `args[0]` without a slash is looked up in the `PATH` of `env`. At least one. */
  args?: string[]
  /** `NAME=value` strings; the program sees no others. */
  env?: string[]
  /** Absolute inside the container; created when missing. */
  cwd: string
  capabilities?: LinuxCapabilities
  rlimits?: PosixRlimit[]
  /** Sets PR_SET_NO_NEW_PRIVS, so that no execve gains privileges. Default false. */
  noNewPrivileges?: boolean
  apparmorProfile?: string
  /** -1000 to 1000; absent means inherited. */
  oomScoreAdj?: number
  selinuxLabel?: string
  scheduler?: Scheduler
  ioPriority?: LinuxIoPriority
  /** CPU lists an `exec` runs on: while it is being set up, and after that. */
  execCPUAffinity?: CpuAffinity
}

/** A terminal's size in characters. @public */
export interface Box {
  height: number
  width: number
}

/** Who the program runs as. Only numbers: names are looked up by the layer above. @public */
export interface User {
  uid: number
  gid: number
  /** Absent means inherited. */
  umask?: number
  additionalGids?: number[]
  /** Only for systems without numeric ids. */
  username?: string
}

/** The five capability sets, each a list of names such as `CAP_NET_BIND_SERVICE`. An absent set is empty. @public */
export interface LinuxCapabilities {
  bounding?: string[]
  effective?: string[]
  inheritable?: string[]
  permitted?: string[]
  ambient?: string[]
}

/**
 * One resource limit. Both numbers are unsigned 64-bit on the wire; RLIM_INFINITY (2^64 - 1) is read from JSON as the
 * nearest double, 2^64, so treat everything from 2^63 as no limit.
 *
 * @public
 */
export interface PosixRlimit {
  /** A name such as `RLIMIT_NOFILE`; each at most once. */
  type: string
  /** Unsigned 64-bit, all ones for no limit; above 2^53-1 a bigint is exact, a number rounded. */
  hard: number | bigint
  soft: number | bigint
}

/** Scheduling policies by their kernel names. @public */
export const schedulerPolicies = [
  'SCHED_OTHER',
  'SCHED_FIFO',
  'SCHED_RR',
  'SCHED_BATCH',
  'SCHED_ISO',
  'SCHED_IDLE',
  'SCHED_DEADLINE',
] as const

/** One of {@link schedulerPolicies}. @public */
export type SchedulerPolicy = (typeof schedulerPolicies)[number]

/** Scheduling flags by their kernel names. @public */
export const schedulerFlags = [
  'SCHED_FLAG_RESET_ON_FORK',
  'SCHED_FLAG_RECLAIM',
  'SCHED_FLAG_DL_OVERRUN',
  'SCHED_FLAG_KEEP_POLICY',
  'SCHED_FLAG_KEEP_PARAMS',
  'SCHED_FLAG_UTIL_CLAMP_MIN',
  'SCHED_FLAG_UTIL_CLAMP_MAX',
] as const

/** One of {@link schedulerFlags}. @public */
export type SchedulerFlag = (typeof schedulerFlags)[number]

/** Arguments of sched_setattr(2). @public */
export interface Scheduler {
  policy: SchedulerPolicy
  /** -20 to 19, for SCHED_OTHER and SCHED_BATCH. */
  nice?: number
  /** 1 to 99, for SCHED_FIFO and SCHED_RR. */
  priority?: number
  flags?: SchedulerFlag[]
  /** Nanoseconds, for SCHED_DEADLINE. */
  runtime?: number
  /** Nanoseconds, for SCHED_DEADLINE. */
  deadline?: number
  /** Nanoseconds, for SCHED_DEADLINE. */
  period?: number
}

/** I/O scheduling classes by their kernel names. @public */
export const ioPriorityClasses = ['IOPRIO_CLASS_RT', 'IOPRIO_CLASS_BE', 'IOPRIO_CLASS_IDLE'] as const

/** One of {@link ioPriorityClasses}. @public */
export type IoPriorityClass = (typeof ioPriorityClasses)[number]

/** Arguments of ioprio_set(2). @public */
export interface LinuxIoPriority {
  class: IoPriorityClass
  /** 0 (most) to 7 (least). */
  priority?: number
}

/** CPU lists as in cpuset files, for example `0-3,7`. @public */
export interface CpuAffinity {
  initial?: string
  final?: string
}
