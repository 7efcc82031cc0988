// SPDX-License-Identifier: Apache-2.0
import { type Mount, runtimeSpecVersion, type Spec } from '@teu/oci-spec/runtime'

const capabilities = ['CAP_AUDIT_WRITE', 'CAP_KILL', 'CAP_NET_BIND_SERVICE']

/**
 * What `spec` writes: a shell in the bundle's `rootfs`, with a few capabilities and nothing of the host in reach. With
 * `rootless` it is one that an unprivileged user can run: a user namespace in which that user is root, the host's
 * network, no cgroup.
 *
 * @internal
 */
export function defaultSpec(rootless?: { uid: number; gid: number }): Spec {
  const spec: Spec = {
    ociVersion: runtimeSpecVersion,
    process: {
      terminal: true,
      user: { uid: 0, gid: 0 },
      args: ['sh'],
      env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'TERM=xterm'],
      cwd: '/',
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      rlimits: [{ type: 'RLIMIT_NOFILE', hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: 'rootfs', readonly: true },
    hostname: 'teu',
    mounts: defaultMounts(),
    linux: {
      resources: { devices: [{ allow: false, access: 'rwm' }] },
      namespaces: [
        { type: 'pid' },
        { type: 'network' },
        { type: 'ipc' },
        { type: 'uts' },
        { type: 'mount' },
        { type: 'cgroup' },
      ],
      maskedPaths: [
        '/proc/acpi',
        '/proc/asound',
        '/proc/interrupts',
        '/proc/kcore',
        '/proc/keys',
        '/proc/latency_stats',
        '/proc/timer_list',
        '/proc/timer_stats',
        '/proc/sched_debug',
        '/sys/firmware',
        '/sys/devices/virtual/powercap',
        '/proc/scsi',
      ],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  }
  return rootless === undefined ? spec : makeRootless(spec, rootless)
}

function defaultMounts(): Mount[] {
  const quiet = ['nosuid', 'noexec', 'nodev']
  return [
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
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [...quiet, 'mode=1777', 'size=65536k'] },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: quiet },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...quiet, 'ro'] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [...quiet, 'relatime', 'ro'] },
  ]
}

function makeRootless(spec: Spec, { uid, gid }: { uid: number; gid: number }): Spec {
  // A user namespace without a network of its own may not mount sysfs, and knows no group 5.
  const mounts = (spec.mounts ?? []).flatMap((mount) => {
    if (mount.type === 'cgroup') return []
    const options = mount.options?.filter((option) => !option.startsWith('gid='))
    if (mount.type !== 'sysfs') return [{ ...mount, ...(options && { options }) }]
    return [
      {
        destination: '/sys',
        type: 'none',
        source: '/sys',
        options: ['rbind', 'nosuid', 'noexec', 'nodev', 'ro'],
      },
    ]
  })
  const { resources: _, ...linux } = spec.linux ?? {}
  return {
    ...spec,
    mounts,
    linux: {
      ...linux,
      namespaces: [...(linux.namespaces ?? []).filter(({ type }) => type !== 'network'), { type: 'user' }],
      uidMappings: [{ containerID: 0, hostID: uid, size: 1 }],
      gidMappings: [{ containerID: 0, hostID: gid, size: 1 }],
    },
  }
}
