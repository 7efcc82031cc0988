// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { LinuxSeccomp, LinuxSeccompArchitecture, LinuxSeccompFlag, LinuxSyscall } from '@teu/oci-spec/runtime'
import type { HostFacts } from '../host-facts.ts'
import type { ProfileCondition, ProfileRule, SeccompProfile } from './profile.ts'

const architectures: Readonly<Record<string, { go: string; seccomp: LinuxSeccompArchitecture }>> = {
  x64: { go: 'amd64', seccomp: 'SCMP_ARCH_X86_64' },
  arm64: { go: 'arm64', seccomp: 'SCMP_ARCH_AARCH64' },
}

/** What decides whether a rule applies. */
export interface ExpandContext {
  host: Pick<HostFacts, 'architecture' | 'kernel'>
  /** The container's bounding set. */
  capabilities: readonly string[]
}

function kernelAtLeast(host: ExpandContext['host'], minimum: string): boolean {
  const [major = 0, minor = 0] = minimum.split('.').map(Number)
  return host.kernel.major > major || (host.kernel.major === major && host.kernel.minor >= minor)
}

function goArch({ host }: ExpandContext): string {
  return architectures[host.architecture]?.go ?? host.architecture
}

/** Docker's rule: an `includes` needs all of its capabilities, and one of its architectures. */
function included(condition: ProfileCondition | undefined, context: ExpandContext): boolean {
  if (condition?.arches?.length && !condition.arches.includes(goArch(context))) return false
  if (condition?.caps?.length && !condition.caps.every((cap) => context.capabilities.includes(cap))) return false
  return !condition?.minKernel || kernelAtLeast(context.host, condition.minKernel)
}

/** Any one capability, architecture, or a new enough kernel, is reason enough to leave a rule out. */
function excluded(condition: ProfileCondition | undefined, context: ExpandContext): boolean {
  if (condition?.arches?.includes(goArch(context))) return true
  if (condition?.caps?.some((cap) => context.capabilities.includes(cap))) return true
  return Boolean(condition?.minKernel && kernelAtLeast(context.host, condition.minKernel))
}

function toSyscall(rule: ProfileRule): LinuxSyscall {
  return {
    names: [...rule.names],
    action: rule.action,
    ...(rule.errnoRet === undefined ? {} : { errnoRet: rule.errnoRet }),
    ...(rule.args?.length ? { args: rule.args.map((arg) => ({ ...arg })) } : {}),
  }
}

function filteredArchitectures(profile: SeccompProfile, context: ExpandContext): LinuxSeccompArchitecture[] {
  if (profile.architectures?.length) return [...profile.architectures]
  const own = architectures[context.host.architecture]?.seccomp
  const row = profile.archMap?.find(({ architecture }) => architecture === own)
  return row ? [row.architecture, ...(row.subArchitectures ?? [])] : []
}

/**
 * The OCI filter of one container: the rules of `profile` whose conditions hold for its machine and capabilities. A
 * profile with both `archMap` and `architectures` is `invalid-argument`, as in Docker.
 */
export function expandProfile(profile: SeccompProfile, context: ExpandContext): LinuxSeccomp {
  if (profile.architectures?.length && profile.archMap?.length) {
    throw new StackError(
      'invalid-argument',
      "both 'architectures' and 'archMap' are specified in the seccomp profile, use either 'architectures' or 'archMap'",
    )
  }
  const rules = profile.syscalls.filter((rule) => included(rule.includes, context) && !excluded(rule.excludes, context))
  const arches = filteredArchitectures(profile, context)
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: profile.defaultErrnoRet }),
    ...(arches.length > 0 ? { architectures: arches } : {}),
    ...(profile.flags?.length ? { flags: [...profile.flags] as LinuxSeccompFlag[] } : {}),
    ...(profile.listenerPath ? { listenerPath: profile.listenerPath } : {}),
    ...(profile.listenerMetadata ? { listenerMetadata: profile.listenerMetadata } : {}),
    syscalls: rules.map(toSyscall),
  }
}
