// SPDX-License-Identifier: Apache-2.0
import { type Any, ociTypeUrls, packJson } from '@teu/shim-api'

/** What differs between the containers of these tests. */
export interface ConfigInit {
  args: string[]
  terminal?: boolean
  cgroupsPath?: string
  annotations?: Record<string, string>
  sharedPids?: boolean
  /** Its number; default root. */
  user?: number
  /** In bytes. */
  memoryLimit?: number
}

/** A config.json that every OCI runtime takes: new namespaces, no network, the usual file systems. */
export function containerConfig({
  args,
  terminal = false,
  cgroupsPath,
  annotations = {},
  sharedPids,
  memoryLimit,
  user = 0,
}: ConfigInit) {
  const capabilities = ['CAP_KILL', 'CAP_CHOWN', 'CAP_SETUID', 'CAP_SETGID']
  return {
    ociVersion: '1.0.2',
    process: {
      terminal,
      user: { uid: user, gid: user },
      args,
      env: ['PATH=/bin', 'TERM=xterm'],
      cwd: '/',
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      noNewPrivileges: true,
    },
    root: { path: 'rootfs', readonly: false },
    hostname: 'test',
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=65536k'] },
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'],
      },
    ],
    annotations,
    linux: {
      ...(cgroupsPath !== undefined && { cgroupsPath }),
      resources: {
        devices: [{ allow: false, access: 'rwm' }],
        ...(memoryLimit !== undefined && { memory: { limit: memoryLimit } }),
      },
      namespaces: [
        ...(sharedPids ? [] : [{ type: 'pid' }]),
        { type: 'mount' },
        { type: 'ipc' },
        { type: 'uts' },
        { type: 'network' },
      ],
    },
  }
}

/** The process of an exec. */
export function execProcess(args: string[], terminal = false): Any {
  return packJson(ociTypeUrls.process, { ...containerConfig({ args, terminal }).process, terminal })
}
