// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { LinuxSeccompArchitecture } from '@teu/oci-spec/runtime'

/** One way to call the kernel, with numbers of its own. @internal */
export type SyscallAbi = 'x86_64' | 'i386' | 'x32' | 'aarch64' | 'arm'

/** What a processor can run: ABIs grouped by the number that `seccomp_data.arch` has (linux/audit.h). @internal */
export interface AuditArchitecture {
  audit: number
  abi: SyscallAbi
  /** Arguments are 32 bits wide, and comparisons look at no more. */
  narrow: boolean
  /** Shares the audit number; told apart by bit 30 of the call. Its arguments count as 32 bits wide, as in libseccomp. */
  sibling?: SyscallAbi
}

const x86_64: AuditArchitecture = { audit: 0xc000003e, abi: 'x86_64', narrow: false, sibling: 'x32' }
const i386: AuditArchitecture = { audit: 0x40000003, abi: 'i386', narrow: true }
const aarch64: AuditArchitecture = { audit: 0xc00000b7, abi: 'aarch64', narrow: false }
const arm: AuditArchitecture = { audit: 0x40000028, abi: 'arm', narrow: true }

/** By Node's `process.arch`: the own architecture first, then those it can run besides. */
const machines: Readonly<Record<string, readonly AuditArchitecture[]>> = { x64: [x86_64, i386], arm64: [aarch64, arm] }

const names: Partial<Record<LinuxSeccompArchitecture, SyscallAbi>> = {
  SCMP_ARCH_X86_64: 'x86_64',
  SCMP_ARCH_X86: 'i386',
  SCMP_ARCH_X32: 'x32',
  SCMP_ARCH_AARCH64: 'aarch64',
  SCMP_ARCH_ARM: 'arm',
}

/** What a filter covers: architectures to tell apart, and all their ABIs that are wanted. @internal */
export interface Coverage {
  architectures: readonly AuditArchitecture[]
  wanted: ReadonlySet<SyscallAbi>
}

/**
 * The ABIs of this machine among the listed ones; its own always. Those of other machines are passed over: profiles
 * list them all. Throws `not-implemented` for a machine whose numbers are not known here.
 *
 * @internal
 */
export function coverageOf(listed: readonly LinuxSeccompArchitecture[], machine: string): Coverage {
  const all = Object.hasOwn(machines, machine) ? machines[machine] : undefined
  if (!all) throw new StackError('not-implemented', `seccomp filters are not supported on ${machine}`)
  const own = all[0] as AuditArchitecture
  const wanted = new Set<SyscallAbi>([own.abi])
  for (const name of listed) {
    const abi = names[name]
    if (abi && all.some((architecture) => architecture.abi === abi || architecture.sibling === abi)) wanted.add(abi)
  }
  return { architectures: all.filter(({ abi }) => wanted.has(abi)), wanted }
}
