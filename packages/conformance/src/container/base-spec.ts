// SPDX-License-Identifier: Apache-2.0
import type { Spec } from '@teu/oci-spec/runtime'

/** A config.json with the namespaces, mounts and capabilities that every caller asks for. */
export function baseSpec(cgroupsPath: string, args: string[]): Spec {
  const capabilities = ['CAP_KILL', 'CAP_CHOWN', 'CAP_SETUID', 'CAP_SETGID']
  return {
    ociVersion: '1.0.2',
    root: { path: 'rootfs' },
    hostname: 'conformance',
    process: {
      cwd: '/',
      args,
      env: ['PATH=/bin'],
      user: { uid: 0, gid: 0 },
      noNewPrivileges: true,
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      {
        destination: '/dev',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
      },
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
      },
    ],
    linux: {
      cgroupsPath,
      namespaces: (['pid', 'ipc', 'uts', 'mount', 'network'] as const).map((type) => ({ type })),
      maskedPaths: ['/proc/version'],
      readonlyPaths: ['/proc/sys'],
    },
  }
}
