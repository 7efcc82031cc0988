// SPDX-License-Identifier: Apache-2.0
import { native } from '../native/load.ts'

/** The numbers of setrlimit(2), by the names that the OCI runtime specification uses. @public */
export const resourceLimits = {
  RLIMIT_CPU: 0,
  RLIMIT_FSIZE: 1,
  RLIMIT_DATA: 2,
  RLIMIT_STACK: 3,
  RLIMIT_CORE: 4,
  RLIMIT_RSS: 5,
  RLIMIT_NPROC: 6,
  RLIMIT_NOFILE: 7,
  RLIMIT_MEMLOCK: 8,
  RLIMIT_AS: 9,
  RLIMIT_LOCKS: 10,
  RLIMIT_SIGPENDING: 11,
  RLIMIT_MSGQUEUE: 12,
  RLIMIT_NICE: 13,
  RLIMIT_RTPRIO: 14,
  RLIMIT_RTTIME: 15,
} as const

/** The value of a limit that is no limit. @public */
export const unlimited = 0xffff_ffff_ffff_ffffn

/** A soft and a hard limit. @public */
export interface ResourceLimit {
  soft: bigint
  hard: bigint
}

/** The limits of a process; pid 0 is this one (prlimit(2)). @public */
export function getResourceLimit(pid: number, resource: number): ResourceLimit {
  return native().getrlimit(pid, resource)
}

/** Sets limits and returns the former ones. Throws `EPERM` when the hard limit would rise without CAP_SYS_RESOURCE. @public */
export function setResourceLimit(pid: number, resource: number, limit: ResourceLimit): ResourceLimit {
  return native().prlimit(pid, resource, limit.soft, limit.hard)
}
