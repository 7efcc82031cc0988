// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { LinuxSeccomp } from '@teu/oci-spec/runtime'
import { answerEnosys, filterFlags, hidesNewerCalls, returnValue, returnValues } from './actions.ts'
import { type AuditArchitecture, type Coverage, coverageOf } from './architectures.ts'
import { BackwardAssembler, bpf, type Label } from './assembler.ts'
import { type DispatchDefaults, dispatchCode } from './dispatch-code.ts'
import { rulesOf } from './rules.ts'
import { x32Bit } from './syscall-numbers.ts'

/** A filter ready for seccomp(2). @public */
export interface SeccompFilter {
  /** An array of struct sock_filter. */
  filter: Uint8Array
  /** Bits of SECCOMP_FILTER_FLAG_*; NEW_LISTENER is among them when a rule notifies. */
  flags: number
}

const callNumber = 0
const architecture = 4
const noCall = 0xffff_ffff

/**
 * Compiles `linux.seccomp` of the OCI runtime specification into a classic BPF filter, with the meaning that libseccomp
 * and runc give it: names that the kernel lacks are skipped, a rule without arguments outweighs those with, of those
 * with the narrower one decides, calls newer than all that the profile names answer ENOSYS, and a call from an
 * architecture that is not listed kills the thread.
 *
 * @param machine `process.arch`: `x64` or `arm64`; `not-implemented` for others.
 * @throws StackError `invalid-argument` for what is no action, operator, errno, flag or operand, and for a profile that
 * does not fit into 4096 instructions.
 *
 * @public
 */
export function compileSeccomp(seccomp: LinuxSeccomp, machine: string): SeccompFilter {
  if (seccomp.defaultAction === 'SCMP_ACT_NOTIFY') {
    throw new StackError('invalid-argument', 'SCMP_ACT_NOTIFY cannot be the default action')
  }
  refuseNotifyingWrite(seccomp)
  const coverage = coverageOf(seccomp.architectures ?? [], machine)
  const code = new BackwardAssembler()
  let next = code.result(returnValues.SCMP_ACT_KILL_THREAD)
  for (const each of coverage.architectures.toReversed()) {
    const body = architectureCode(code, seccomp, coverage, each)
    next = code.branch(bpf.jumpEqual, each.audit, body, next)
  }
  code.load(architecture)
  return { filter: code.toBytes(), flags: filterFlags(seccomp) }
}

// The supervisor's descriptor is handed over with a write of its own, which would then wait for the supervisor.
function refuseNotifyingWrite({ syscalls = [] }: LinuxSeccomp): void {
  if (syscalls.some(({ action, names }) => action === 'SCMP_ACT_NOTIFY' && names.includes('write'))) {
    throw new StackError('invalid-argument', 'SCMP_ACT_NOTIFY cannot be used for the write syscall')
  }
}

function architectureCode(
  code: BackwardAssembler,
  seccomp: LinuxSeccomp,
  { wanted }: Coverage,
  { abi, narrow, sibling }: AuditArchitecture,
): Label {
  const defaults: DispatchDefaults = {
    result: returnValue(seccomp.defaultAction, seccomp.defaultErrnoRet),
    narrow,
    ...(hidesNewerCalls(seccomp) && { newerResult: answerEnosys }),
  }
  if (sibling === undefined) {
    dispatchCode(code, rulesOf(seccomp, abi), defaults)
    return code.load(callNumber)
  }
  // A call number of -1 is what a tracer leaves to skip a call; it belongs to no ABI.
  const skipped = code.result(defaults.result)
  const other = wanted.has(sibling)
    ? dispatchCode(code, rulesOf(seccomp, sibling), { ...defaults, narrow: true }, x32Bit)
    : code.result(returnValues.SCMP_ACT_KILL_THREAD)
  const marked = code.branch(bpf.jumpEqual, noCall, skipped, other)
  const plain = dispatchCode(code, rulesOf(seccomp, abi), defaults)
  code.branch(bpf.jumpGreaterEqual, x32Bit, marked, plain)
  return code.load(callNumber)
}
