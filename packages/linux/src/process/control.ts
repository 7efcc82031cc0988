// SPDX-License-Identifier: Apache-2.0
import { native } from '../native/load.ts'

const prctlOption = {
  setPdeathsig: 1,
  setDumpable: 4,
  setChildSubreaper: 36,
  setNoNewPrivs: 38,
  schedCore: 62,
} as const

/** Of PR_SCHED_CORE: a new cookie for the calling thread. */
const schedCoreCreate = 1

/** Orphaned descendants become children of this process instead of pid 1's (PR_SET_CHILD_SUBREAPER). @public */
export function setChildSubreaper(on: boolean): void {
  native().prctl(prctlOption.setChildSubreaper, on ? 1 : 0)
}

/** The signal this process gets when the thread that created it ends; 0 for none (PR_SET_PDEATHSIG). @public */
export function setParentDeathSignal(signal: number): void {
  native().prctl(prctlOption.setPdeathsig, signal)
}

/** Whether others may trace this process and open its files in `/proc` (PR_SET_DUMPABLE). @public */
export function setDumpable(on: boolean): void {
  native().prctl(prctlOption.setDumpable, on ? 1 : 0)
}

/** kill(2) without Node's translation: any signal number, also real-time ones. @public */
export function sendSignal(pid: number, signal: number): void {
  native().kill(pid, signal)
}

/**
 * Gives the calling thread, and with it every process that it starts from now on, a core-scheduling cookie of its own:
 * only threads of the same cookie share a processor core (PR_SCHED_CORE_CREATE). `EINVAL` where the kernel was built
 * without core scheduling, `ENODEV` where cores have one thread each.
 *
 * @public
 */
export function createCoreSchedulingCookie(): void {
  native().prctl(prctlOption.schedCore, schedCoreCreate)
}
