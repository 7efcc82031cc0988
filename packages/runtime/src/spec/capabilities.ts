// SPDX-License-Identifier: Apache-2.0
import type { LinuxCapabilities } from '@teu/oci-spec/runtime'

/** Capabilities by number, capabilities(7). @internal */
export const capabilityNames = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_DAC_READ_SEARCH',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_LINUX_IMMUTABLE',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_BROADCAST',
  'CAP_NET_ADMIN',
  'CAP_NET_RAW',
  'CAP_IPC_LOCK',
  'CAP_IPC_OWNER',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_CHROOT',
  'CAP_SYS_PTRACE',
  'CAP_SYS_PACCT',
  'CAP_SYS_ADMIN',
  'CAP_SYS_BOOT',
  'CAP_SYS_NICE',
  'CAP_SYS_RESOURCE',
  'CAP_SYS_TIME',
  'CAP_SYS_TTY_CONFIG',
  'CAP_MKNOD',
  'CAP_LEASE',
  'CAP_AUDIT_WRITE',
  'CAP_AUDIT_CONTROL',
  'CAP_SETFCAP',
  'CAP_MAC_OVERRIDE',
  'CAP_MAC_ADMIN',
  'CAP_SYSLOG',
  'CAP_WAKE_ALARM',
  'CAP_BLOCK_SUSPEND',
  'CAP_AUDIT_READ',
  'CAP_PERFMON',
  'CAP_BPF',
  'CAP_CHECKPOINT_RESTORE',
] as const

const numbers = new Map<string, number>(capabilityNames.map((name, number) => [name, number]))

/** The five sets as bit masks. @internal */
export interface CapabilityMasks {
  bounding: bigint
  effective: bigint
  permitted: bigint
  inheritable: bigint
  ambient: bigint
}

/**
 * Turns names into masks. `warn` hears of each name that is unknown or beyond `last`, the highest number this kernel
 * knows; such a name is left out. Absent sets are empty. An ambient capability that is not permitted and inheritable is
 * dropped, as the originals do.
 *
 * @internal
 */
export function capabilityMasks(
  sets: LinuxCapabilities | undefined,
  last: number,
  warn: (message: string) => void,
): CapabilityMasks {
  const unknown = new Set<string>()
  const mask = (names: readonly string[] = []) => {
    let bits = 0n
    for (const name of names) {
      const number = numbers.get(name)
      if (number === undefined || number > last) unknown.add(name)
      else bits |= 1n << BigInt(number)
    }
    return bits
  }
  const masks = {
    bounding: mask(sets?.bounding),
    effective: mask(sets?.effective),
    permitted: mask(sets?.permitted),
    inheritable: mask(sets?.inheritable),
    ambient: mask(sets?.ambient),
  }
  // The kernel refuses to make a capability ambient that is not both of these.
  masks.ambient &= masks.permitted & masks.inheritable
  if (unknown.size > 0) warn(`ignoring unknown or unavailable capabilities: [${[...unknown].join(' ')}]`)
  return masks
}
