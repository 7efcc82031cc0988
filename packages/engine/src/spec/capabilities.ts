// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/** Every capability that Linux has a name for, in the kernel's order of numbers. */
export const allCapabilities: readonly string[] = [
  'CHOWN',
  'DAC_OVERRIDE',
  'DAC_READ_SEARCH',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE',
  'NET_BROADCAST',
  'NET_ADMIN',
  'NET_RAW',
  'IPC_LOCK',
  'IPC_OWNER',
  'SYS_MODULE',
  'SYS_RAWIO',
  'SYS_CHROOT',
  'SYS_PTRACE',
  'SYS_PACCT',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_NICE',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'MKNOD',
  'LEASE',
  'AUDIT_WRITE',
  'AUDIT_CONTROL',
  'SETFCAP',
  'MAC_OVERRIDE',
  'MAC_ADMIN',
  'SYSLOG',
  'WAKE_ALARM',
  'BLOCK_SUSPEND',
  'AUDIT_READ',
  'PERFMON',
  'BPF',
  'CHECKPOINT_RESTORE',
].map((name) => `CAP_${name}`)

/** What a container has that asks for nothing else. */
export const defaultCapabilities: readonly string[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
]

const everything = 'ALL'

/** `net_admin`, `CAP_NET_ADMIN` and `NET_ADMIN` are one; what the daemon lacks itself cannot be given or taken. */
function normalize(names: readonly string[] | null | undefined, available: readonly string[], field: string): string[] {
  return (names ?? []).map((name) => {
    const upper = name.toUpperCase()
    if (upper === everything) return everything
    const full = upper.startsWith('CAP_') ? upper : `CAP_${upper}`
    if (!allCapabilities.includes(full)) {
      throw new StackError('invalid-argument', `invalid ${field}: unknown capability: "${full}"`)
    }
    if (!available.includes(full)) {
      const why = 'capability not supported by your kernel or not available in the current environment'
      throw new StackError('invalid-argument', `invalid ${field}: ${why}: "${full}"`)
    }
    return full
  })
}

/** What `HostConfig` says about capabilities. */
export interface CapabilityRequest {
  CapAdd?: string[] | null
  CapDrop?: string[] | null
  Privileged?: boolean
}

/**
 * The bounding set of a container: the default fourteen, changed by `CapAdd` and `CapDrop`, or everything the daemon
 * has when privileged. Unknown and unavailable names are `invalid-argument`.
 *
 * @param available the daemon's own bounding set
 */
export function containerCapabilities(request: CapabilityRequest, available: readonly string[]): string[] {
  const add = normalize(request.CapAdd, available, 'CapAdd')
  const drop = normalize(request.CapDrop, available, 'CapDrop')
  if (request.Privileged) return [...available]
  if (add.includes(everything)) return available.filter((cap) => !drop.includes(cap))
  const base = drop.includes(everything) ? [] : defaultCapabilities.filter((cap) => !drop.includes(cap))
  return [...new Set([...base, ...add])]
}
