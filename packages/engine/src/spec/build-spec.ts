// SPDX-License-Identifier: Apache-2.0
import { posix } from 'node:path'
import type { ContainerConfig, HostConfig } from '@teu/engine-api'
import type {
  Linux,
  LinuxCapabilities,
  LinuxDeviceCgroup,
  LinuxResources,
  LinuxSeccomp,
  Process,
  Spec,
} from '@teu/oci-spec/runtime'
import { containerCapabilities } from './capabilities.ts'
import { containerDevices } from './devices.ts'
import { containerEnvironment } from './environment.ts'
import type { HostFacts } from './host-facts.ts'
import { commandOf } from './merge-config.ts'
import { rootfsPropagation, specMounts } from './mounts.ts'
import { type NamespaceSources, namespaceSources, specNamespaces } from './namespaces.ts'
import { blockIoLimits, cpuLimits, memoryLimits, pidsLimit, rlimits } from './resources.ts'
import { defaultProfile } from './seccomp/default-profile.ts'
import { expandProfile } from './seccomp/expand-profile.ts'
import { parseProfile } from './seccomp/parse-profile.ts'
import { parseSecurityOptions, refuseConfinement, type SecurityOptions } from './security-options.ts'
import { supportedLimits } from './supported-limits.ts'
import { maskedPathsOf, readonlyPaths } from './system-paths.ts'
import type { ResolvedUser } from './user.ts'

/** The version of the runtime specification that our specs need no more than. */
const ociVersion = '1.0.2'

/** Where a namespace comes from: a new one, the host's, or one that exists. */
export type NamespaceSource = { kind: 'new' } | { kind: 'host' } | { kind: 'path'; path: string }

/** The files that the engine keeps for a container and binds over the image's. Absent ones are not bound. */
export interface ContainerFiles {
  hostname?: string | undefined
  hosts?: string | undefined
  resolvConf?: string | undefined
}

/** A volume that was resolved to a directory of the host. */
export interface VolumeMount {
  source: string
  target: string
  readOnly: boolean
}

/** Everything an OCI spec is made from. Building it reads nothing else: equal inputs give equal specs. */
export interface SpecInput {
  /** The container's id, 64 hex digits; the last part of its cgroup's path. */
  id: string
  /** The create request's config over the image's, see `mergeImageConfig`. */
  config: ContainerConfig
  hostConfig: HostConfig
  /** The user as looked up in the root filesystem, see `resolveUser`. */
  user: ResolvedUser
  /** Absolute, or relative to the bundle. `rootfs` by default, which is where a shim mounts a snapshot. */
  rootfsPath?: string | undefined
  network: NamespaceSource
  /** The IPC namespace of another container's process; by default as `HostConfig` says. */
  ipc?: NamespaceSource | undefined
  /** The PID namespace of another container's process; by default as `HostConfig` says. */
  pid?: NamespaceSource | undefined
  /** A directory to share as /dev/shm, for the IPC modes `shareable` and `container:`. */
  shmPath?: string | undefined
  files?: ContainerFiles | undefined
  /** The AppArmor profile of the process; undefined where the kernel has none. */
  appArmorProfile?: string | undefined
  /** The directories of all volumes that the request and the image ask for. */
  volumes?: readonly VolumeMount[] | undefined
  host: HostFacts
  /** Put before the id in the cgroup's path when `HostConfig.CgroupParent` is empty. `/teu` by default. */
  cgroupParent?: string | undefined
}

/** A non-root user keeps the bounding set, so that setuid programs work, but starts with nothing. */
function processCapabilities(bounding: string[], user: ResolvedUser): LinuxCapabilities {
  return user.uid === 0 ? { bounding, effective: bounding, permitted: bounding } : { bounding }
}

function specProcess(input: SpecInput, capabilities: string[], security: SecurityOptions): Process {
  const { config, hostConfig, user } = input
  const terminal = config.Tty ?? false
  const [height = 0, width = 0] = hostConfig.ConsoleSize ?? []
  const limits = rlimits(hostConfig.Ulimits)
  return {
    ...(terminal ? { terminal } : {}),
    ...(terminal && height > 0 && width > 0 ? { consoleSize: { height, width } } : {}),
    user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids },
    args: commandOf(config),
    env: containerEnvironment({ env: config.Env ?? [], hostname: config.Hostname ?? '', terminal }),
    cwd: config.WorkingDir || '/',
    capabilities: processCapabilities(capabilities, user),
    ...(limits.length > 0 ? { rlimits: limits } : {}),
    ...(security.noNewPrivileges ? { noNewPrivileges: true } : {}),
    ...(input.appArmorProfile ? { apparmorProfile: input.appArmorProfile } : {}),
    oomScoreAdj: hostConfig.OomScoreAdj ?? 0,
  }
}

function specSysctls(input: SpecInput, sources: NamespaceSources): Record<string, string> {
  const { config, hostConfig } = input
  const privateNetwork = sources.network.kind !== 'host' && !hostConfig.NetworkMode?.startsWith('container:')
  return {
    ...(privateNetwork
      ? { 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': '0 2147483647' }
      : {}),
    ...(config.Domainname && sources.uts.kind === 'new' ? { 'kernel.domainname': config.Domainname } : {}),
    ...hostConfig.Sysctls,
  }
}

/** A property only when there is something in it: runtimes tell an absent section from an empty one. */
function section<K extends string, T extends object>(key: K, value: T | undefined): { [P in K]?: T } {
  return value && Object.keys(value).length > 0 ? ({ [key]: value } as { [P in K]?: T }) : {}
}

function specResources({ hostConfig, host }: SpecInput, rules: LinuxDeviceCgroup[]): LinuxResources {
  const { resources } = supportedLimits(hostConfig, host.limits)
  return {
    devices: rules,
    ...section('memory', memoryLimits(resources)),
    ...section('cpu', cpuLimits(resources)),
    ...section('pids', pidsLimit(resources)),
    ...section('blockIO', blockIoLimits(resources, host)),
  }
}

/** The filter of a container, none when privileged, unconfined, or on a kernel that has no filters. */
function specSeccomp(input: SpecInput, capabilities: string[], security: SecurityOptions): LinuxSeccomp | undefined {
  const unconfined = security.seccomp === 'unconfined' || (input.hostConfig.Privileged && !security.seccomp)
  if (unconfined || !input.host.seccomp) return undefined
  const named = security.seccomp === undefined || security.seccomp === '' || security.seccomp === 'builtin'
  const profile = named ? defaultProfile : parseProfile(security.seccomp as string)
  return expandProfile(profile, { host: input.host, capabilities })
}

function specLinux(input: SpecInput, capabilities: string[], security: SecurityOptions): Linux {
  const { hostConfig, host } = input
  const sources = namespaceSources(input)
  const devices = containerDevices(hostConfig, host)
  const seccomp = specSeccomp(input, capabilities, security)
  // Lists of the request hold for a privileged container too; only their absence means none there.
  const open = hostConfig.Privileged || security.unmasked
  const masked = hostConfig.MaskedPaths ?? (open ? [] : maskedPathsOf(host.cpus))
  const readonly = hostConfig.ReadonlyPaths ?? (open ? [] : [...readonlyPaths])
  const propagation = rootfsPropagation(input)
  return {
    ...section('sysctl', specSysctls(input, sources)),
    resources: specResources(input, devices.rules),
    cgroupsPath: posix.join('/', hostConfig.CgroupParent || (input.cgroupParent ?? '/teu'), input.id),
    namespaces: specNamespaces(sources),
    ...(devices.nodes.length > 0 ? { devices: devices.nodes } : {}),
    ...(seccomp ? { seccomp } : {}),
    ...(propagation ? { rootfsPropagation: propagation } : {}),
    ...(masked.length === 0 ? {} : { maskedPaths: masked }),
    ...(readonly.length === 0 ? {} : { readonlyPaths: readonly }),
  }
}

/**
 * The OCI spec of a container: what dockerd would hand to a runtime for the same request. Values that the request
 * leaves out are left out of the spec as well, where dockerd writes zeros.
 *
 * Throws `invalid-argument` for what `validateHostConfig` would refuse too, `failed-precondition` for a namespace,
 * volume or shared memory that the caller has not prepared.
 */
export function buildSpec(input: SpecInput): Spec {
  const { config, hostConfig } = input
  const security = parseSecurityOptions(hostConfig.SecurityOpt)
  refuseConfinement(security, input.host)
  const capabilities = containerCapabilities(hostConfig, input.host.capabilities)
  const hostname = hostConfig.UTSMode === 'host' ? '' : (config.Hostname ?? '')
  return {
    ociVersion,
    process: specProcess(input, capabilities, security),
    root: { path: input.rootfsPath ?? 'rootfs', ...(hostConfig.ReadonlyRootfs ? { readonly: true } : {}) },
    ...(hostname ? { hostname } : {}),
    mounts: specMounts(input),
    ...section('annotations', hostConfig.Annotations),
    linux: specLinux(input, capabilities, security),
  }
}
