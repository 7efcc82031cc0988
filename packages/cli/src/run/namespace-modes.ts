// SPDX-License-Identifier: Apache-2.0
import type { CreateFlagValues } from './create-flags.ts'

const own = /^$|^host$/

/** Throws with docker's text for a namespace mode that no engine knows; the IPC mode is left to the engine. */
export function checkNamespaceModes(flags: Pick<CreateFlagValues, 'pid' | 'uts' | 'userns' | 'cgroupns'>): void {
  if (!own.test(flags.pid) && !/^container:./.test(flags.pid)) throw new Error('--pid: invalid PID mode')
  if (!own.test(flags.uts)) throw new Error('--uts: invalid UTS mode')
  if (!own.test(flags.userns)) throw new Error('--userns: invalid USER mode')
  if (!own.test(flags.cgroupns) && flags.cgroupns !== 'private') throw new Error('--cgroupns: invalid CGROUP mode')
}

/** Whether a network mode names a network of the user's rather than a built-in mode. */
export function isUserDefined(mode: string): boolean {
  return !['', 'default', 'bridge', 'host', 'none'].includes(mode) && !mode.startsWith('container:')
}
