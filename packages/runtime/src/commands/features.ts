// SPDX-License-Identifier: Apache-2.0
import { knownMountOptions } from '@teu/linux'
import {
  type Features,
  hookKinds,
  linuxNamespaceTypes,
  runtimeSpecVersion,
  seccompActions,
  seccompFlags,
  seccompOperators,
} from '@teu/oci-spec/runtime'
import { capabilityNames } from '../spec/capabilities.ts'
import type { Command } from './command.ts'
import { packageVersion } from './version.ts'

/** `features`. @internal */
export const command: Command = {
  name: 'features',
  summary: 'print what this runtime knows',
  usage: '',
  arguments: { from: 0, to: 0 },
  options: {},
  async run({ print }) {
    print(`${JSON.stringify(runtimeFeatures(), undefined, 4)}\n`)
    return 0
  },
}

/**
 * What this runtime knows, whether or not this kernel has it: the document that the command `features` prints, as the
 * runtime specification has it (features.md).
 *
 * @public
 */
export function runtimeFeatures(): Features {
  return features(packageVersion())
}

/** The same, for a version. @internal */
export function features(version: string): Features {
  return {
    ociVersionMin: '1.0.0',
    ociVersionMax: runtimeSpecVersion,
    hooks: [...hookKinds],
    mountOptions: [...knownMountOptions],
    linux: {
      namespaces: [...linuxNamespaceTypes].sort(),
      capabilities: [...capabilityNames],
      cgroup: { v1: true, v2: true, systemd: true, systemdUser: true, rdma: true },
      seccomp: {
        enabled: true,
        actions: [...seccompActions].sort(),
        operators: [...seccompOperators].sort(),
        archs: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM', 'SCMP_ARCH_X32', 'SCMP_ARCH_X86', 'SCMP_ARCH_X86_64'],
        knownFlags: [...seccompFlags],
        supportedFlags: [...seccompFlags],
      },
      apparmor: { enabled: true },
      selinux: { enabled: false },
      intelRdt: { enabled: false },
      mountExtensions: { idmap: { enabled: true } },
      netDevices: { enabled: false },
    },
    annotations: {
      'dev.teu.runtime.version': version,
      'org.opencontainers.runc.checkpoint.enabled': 'false',
    },
  }
}
