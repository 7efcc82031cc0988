// SPDX-License-Identifier: Apache-2.0

/** What happens to a system call, by libseccomp's names. @public */
export const seccompActions = [
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_LOG',
  'SCMP_ACT_NOTIFY',
] as const

/** One of {@link seccompActions}. @public */
export type LinuxSeccompAction = (typeof seccompActions)[number]

/** How an argument is compared, by libseccomp's names. @public */
export const seccompOperators = [
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
] as const

/** One of {@link seccompOperators}. @public */
export type LinuxSeccompOperator = (typeof seccompOperators)[number]

/** Flags of seccomp(2). @public */
export const seccompFlags = [
  'SECCOMP_FILTER_FLAG_TSYNC',
  'SECCOMP_FILTER_FLAG_LOG',
  'SECCOMP_FILTER_FLAG_SPEC_ALLOW',
  'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV',
] as const

/** One of {@link seccompFlags}. @public */
export type LinuxSeccompFlag = (typeof seccompFlags)[number]

/** Architectures by libseccomp's names. @public */
export const seccompArchitectures = [
  'SCMP_ARCH_X86',
  'SCMP_ARCH_X86_64',
  'SCMP_ARCH_X32',
  'SCMP_ARCH_ARM',
  'SCMP_ARCH_AARCH64',
  'SCMP_ARCH_MIPS',
  'SCMP_ARCH_MIPS64',
  'SCMP_ARCH_MIPS64N32',
  'SCMP_ARCH_MIPSEL',
  'SCMP_ARCH_MIPSEL64',
  'SCMP_ARCH_MIPSEL64N32',
  'SCMP_ARCH_PPC',
  'SCMP_ARCH_PPC64',
  'SCMP_ARCH_PPC64LE',
  'SCMP_ARCH_S390',
  'SCMP_ARCH_S390X',
  'SCMP_ARCH_PARISC',
  'SCMP_ARCH_PARISC64',
  'SCMP_ARCH_RISCV64',
  'SCMP_ARCH_LOONGARCH64',
  'SCMP_ARCH_M68K',
  'SCMP_ARCH_SH',
  'SCMP_ARCH_SHEB',
] as const

/** One of {@link seccompArchitectures}. @public */
export type LinuxSeccompArchitecture = (typeof seccompArchitectures)[number]

/** A filter of system calls. @public */
export interface LinuxSeccomp {
  /** For calls that no rule names. */
  defaultAction: LinuxSeccompAction
  /** The errno of a default action of ERRNO or TRACE. Default EPERM. */
  defaultErrnoRet?: number
  /** Absent means the machine's own. */
  architectures?: LinuxSeccompArchitecture[]
  flags?: LinuxSeccompFlag[]
  /** Socket to which the filter's notification descriptor is sent, for NOTIFY. */
  listenerPath?: string
  /** Sent along with the descriptor. */
  listenerMetadata?: string
  syscalls?: LinuxSyscall[]
}

/** One rule: an action for some calls, when all comparisons hold. @public */
export interface LinuxSyscall {
  /** At least one; names the kernel does not know are skipped. */
  names: string[]
  action: LinuxSeccompAction
  /** The errno of ERRNO and TRACE. Default EPERM. */
  errnoRet?: number
  args?: LinuxSeccompArg[]
}

/** A comparison of one argument. The values are unsigned 64-bit; above 2^53-1 a bigint is exact, a number rounded. @public */
export interface LinuxSeccompArg {
  /** 0 to 5. */
  index: number
  value: number | bigint
  /** The second operand of MASKED_EQ: `(argument & value) == valueTwo`. */
  valueTwo?: number | bigint
  op: LinuxSeccompOperator
}
