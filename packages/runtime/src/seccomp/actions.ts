// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { LinuxSeccomp, LinuxSeccompAction } from '@teu/oci-spec/runtime'

/** Filter results of linux/seccomp.h. The low 16 bits carry the errno or the tracer's message. @internal */
export const returnValues: Readonly<Record<LinuxSeccompAction, number>> = {
  SCMP_ACT_KILL: 0x0000_0000,
  SCMP_ACT_KILL_THREAD: 0x0000_0000,
  SCMP_ACT_KILL_PROCESS: 0x8000_0000,
  SCMP_ACT_TRAP: 0x0003_0000,
  SCMP_ACT_ERRNO: 0x0005_0000,
  SCMP_ACT_NOTIFY: 0x7fc0_0000,
  SCMP_ACT_TRACE: 0x7ff0_0000,
  SCMP_ACT_LOG: 0x7ffc_0000,
  SCMP_ACT_ALLOW: 0x7fff_0000,
}

const eperm = 1
const enosys = 38

/** libseccomp takes no more, and neither do C libraries: they would hold the result of the call for its answer. */
const highestErrno = 4094

/** The answer to a call that this filter's author cannot have known. @internal */
export const answerEnosys = returnValues.SCMP_ACT_ERRNO + enosys

/** The word that a filter returns. Throws `invalid-argument` for an action or errno that there is not. @internal */
export function returnValue(action: LinuxSeccompAction, errnoRet: number | undefined): number {
  if (!Object.hasOwn(returnValues, action))
    throw new StackError('invalid-argument', `invalid seccomp action: ${action}`)
  if (action !== 'SCMP_ACT_ERRNO' && action !== 'SCMP_ACT_TRACE') return returnValues[action]
  const errno = errnoRet ?? eperm
  const highest = action === 'SCMP_ACT_ERRNO' ? highestErrno : 0xffff
  if (!Number.isInteger(errno) || errno < 0 || errno > highest) {
    throw new StackError('invalid-argument', `invalid seccomp errno: ${errno}`)
  }
  return returnValues[action] + errno
}

/**
 * Whether calls newer than all that a profile names shall answer ENOSYS, so that a C library falls back instead of
 * taking EPERM for the truth. Not where the default lets calls pass, or already says ENOSYS.
 *
 * @internal
 */
export function hidesNewerCalls({ defaultAction, defaultErrnoRet }: LinuxSeccomp): boolean {
  if (defaultErrnoRet === enosys) return false
  return !['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE'].includes(defaultAction)
}

const flagBits = {
  SECCOMP_FILTER_FLAG_TSYNC: 1,
  SECCOMP_FILTER_FLAG_LOG: 2,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 4,
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: 32,
} as const
const newListener = 8
const tsyncEsrch = 16

/**
 * The flags of seccomp(2). Without a list speculation mitigations are not forced on, as runc decides; a filter that
 * notifies gets a listener. Throws `invalid-argument` for an unknown flag.
 *
 * @internal
 */
export function filterFlags(seccomp: LinuxSeccomp): number {
  let flags = 0
  for (const flag of seccomp.flags ?? ['SECCOMP_FILTER_FLAG_SPEC_ALLOW' as const]) {
    if (!Object.hasOwn(flagBits, flag)) throw new StackError('invalid-argument', `unknown seccomp flag: ${flag}`)
    flags |= flagBits[flag]
  }
  if (seccomp.syscalls?.some(({ action }) => action === 'SCMP_ACT_NOTIFY')) flags |= newListener
  // Both together are refused unless the kernel may answer with an error number in place of a thread id.
  if (flags & newListener && flags & flagBits.SECCOMP_FILTER_FLAG_TSYNC) flags |= tsyncEsrch
  return flags
}
