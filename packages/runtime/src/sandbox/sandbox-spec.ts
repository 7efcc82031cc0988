// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { LinuxNamespace, LinuxResources, Mount, PosixRlimit, Spec } from '@teu/oci-spec/runtime'
import { runtimeSpecVersion } from '@teu/oci-spec/runtime'
import { defaultSpec } from '../spec/default-spec.ts'
import { showMount } from './host-root.ts'
import type { SandboxLimits, SandboxOptions } from './sandbox-options.ts'
import { sandboxProfile } from './seccomp-profile.ts'

/** The ids that a command has inside, which are nobody's. @internal */
export const sandboxIds = { uid: 65_534, gid: 65_534 } as const

/** Who calls: root drops its rights, others get a user namespace to have them in. @internal */
export interface SandboxCaller {
  uid: number
  gid: number
}

/** What a sandbox is compiled from. @internal */
export interface SandboxPlan {
  args: readonly string[]
  rootfs: string
  /** Mounts that make up the root. */
  rootMounts: readonly Mount[]
  options: SandboxOptions
  caller: SandboxCaller
  cgroupsPath: string
}

const megabyte = 1 << 20
const defaults = { memoryBytes: 256 * megabyte, pids: 64, tmpBytes: 64 * megabyte, openFiles: 1024 } as const
const period = 100_000

/** The spec of a sandbox: no capabilities, no new privileges, a filter, namespaces of its own. @internal */
export function sandboxSpec({ args, rootfs, rootMounts, options, caller, cgroupsPath }: SandboxPlan): Spec {
  const privileged = caller.uid === 0
  const limits = { ...defaults, ...options.limits }
  if (!privileged && limits.cpus !== undefined) {
    throw new StackError('not-implemented', 'limits.cpus: needs a cgroup, which only root may make')
  }
  return {
    ociVersion: runtimeSpecVersion,
    process: {
      args: [...args],
      cwd: options.cwd ?? '/tmp',
      user: sandboxIds,
      env: Object.entries(options.env ?? { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/tmp' }).map(
        ([name, value]) => `${name}=${value}`,
      ),
      capabilities: {},
      noNewPrivileges: true,
      rlimits: resourceLimits(limits, privileged),
    },
    root: { path: rootfs, readonly: options.writableRoot !== true },
    hostname: 'sandbox',
    mounts: [...rootMounts, ...ownMounts(limits.tmpBytes), ...(options.mounts ?? []).map(mountOf)],
    linux: {
      namespaces: namespaces(options.network ?? 'none', privileged),
      ...(!privileged && {
        uidMappings: [{ containerID: sandboxIds.uid, hostID: caller.uid, size: 1 }],
        gidMappings: [{ containerID: sandboxIds.gid, hostID: caller.gid, size: 1 }],
      }),
      cgroupsPath,
      ...(privileged && { resources: cgroupLimits(limits) }),
      seccomp: sandboxProfile,
      ...hiddenPaths(),
    },
  }
}

function mountOf({ source, destination, writable }: NonNullable<SandboxOptions['mounts']>[number]): Mount {
  if (!source.startsWith('/') || !destination.startsWith('/')) {
    throw new StackError('invalid-argument', `mounts: ${source} on ${destination}: both must be absolute paths`)
  }
  return showMount(source, destination, writable === true)
}

function ownMounts(tmpBytes: number): Mount[] {
  const quiet = ['nosuid', 'nodev']
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: [...quiet, 'noexec'] },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=64k'] },
    {
      destination: '/dev/shm',
      type: 'tmpfs',
      source: 'shm',
      options: [...quiet, 'noexec', 'mode=1777', `size=${tmpBytes}`],
    },
    { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: [...quiet, 'mode=1777', `size=${tmpBytes}`] },
  ]
}

function namespaces(network: 'none' | 'host', privileged: boolean): LinuxNamespace[] {
  const types: LinuxNamespace['type'][] = ['pid', 'mount', 'ipc', 'uts', 'cgroup']
  if (network === 'none') types.push('network')
  if (!privileged) types.push('user')
  return types.map((type) => ({ type }))
}

/** Those that a cgroup would otherwise set come with root's absence; descriptors and core files are limited always. */
function resourceLimits({ memoryBytes, pids, openFiles }: Required<Omit<SandboxLimits, 'cpus'>>, privileged: boolean) {
  const limits: PosixRlimit[] = [limit('RLIMIT_NOFILE', openFiles), limit('RLIMIT_CORE', 0)]
  if (!privileged) limits.push(limit('RLIMIT_DATA', memoryBytes), limit('RLIMIT_NPROC', pids))
  return limits
}

function limit(type: string, value: number): PosixRlimit {
  return { type, soft: value, hard: value }
}

function cgroupLimits({
  memoryBytes,
  pids,
  cpus,
}: SandboxLimits & { memoryBytes: number; pids: number }): LinuxResources {
  return {
    memory: { limit: memoryBytes, swap: memoryBytes },
    pids: { limit: pids },
    ...(cpus !== undefined && { cpu: { quota: Math.ceil(cpus * period), period } }),
  }
}

function hiddenPaths(): { maskedPaths: string[]; readonlyPaths: string[] } {
  const { maskedPaths = [], readonlyPaths = [] } = defaultSpec().linux ?? {}
  return { maskedPaths, readonlyPaths }
}
