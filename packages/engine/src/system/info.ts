// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs'
import os from 'node:os'
import type { ContainerdServices } from '@teu/containerd-api'
import type { InfoResult } from '@teu/engine-api'
import type { ContainerContext } from '../containers/context.ts'
import { logDrivers } from '../logs/log-drivers.ts'
import type { RegistryAccess } from '../registry/image-registry-client.ts'
import { engineVersion } from '../version.ts'
import { engineIdIn } from './engine-id.ts'
import { limitWarnings } from './limit-warnings.ts'
import { registryConfigOf } from './registry-config.ts'

/** Everything that `docker info` shows. */
export async function engineInfo(
  context: ContainerContext,
  containerd: ContainerdServices,
  registryAccess: RegistryAccess,
): Promise<InfoResult> {
  const [images, { revision }] = await Promise.all([
    context.images.list({ all: true }),
    containerd.version.version({}, { timeoutMs: 10_000 }),
  ])
  const { settings } = context
  const limits = limitsOf(context)
  const warnings = limitWarnings(limits)
  return {
    ID: engineIdIn(settings.dataRoot),
    ...countsOf(context),
    Images: images.length,
    Driver: context.images.snapshotter,
    DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']],
    Plugins: {
      Volume: ['local'],
      Network: ['bridge', 'host', 'null'],
      Authorization: null,
      Log: logDrivers.map(({ name }) => name).filter((name) => name !== 'none'),
    },
    ...limits,
    Debug: settings.debug,
    NFd: readdirSync('/proc/self/fd').length,
    NGoroutines: 1,
    SystemTime: new Date().toISOString(),
    LoggingDriver: settings.logConfig.Type,
    CgroupDriver: 'cgroupfs',
    NEventsListener: context.events.subscribers,
    ...machineOf(),
    IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: registryConfigOf(registryAccess),
    GenericResources: null,
    DockerRootDir: settings.dataRoot,
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Labels: [...settings.labels],
    ExperimentalBuild: false,
    ServerVersion: engineVersion,
    Runtimes: runtimesOf(context),
    DefaultRuntime: settings.defaultRuntime,
    Swarm: inactiveSwarm,
    // Containers always outlive the engine; there is no other mode.
    LiveRestoreEnabled: true,
    Isolation: '',
    InitBinary: '',
    ContainerdCommit: { ID: revision },
    RuncCommit: { ID: 'N/A' },
    InitCommit: { ID: 'N/A' },
    SecurityOptions: securityOptionsOf(context),
    CDISpecDirs: [],
    Warnings: warnings.length > 0 ? warnings : null,
  }
}

/** The confinement of containers that ask for nothing else. */
function securityOptionsOf({ host, appArmor }: ContainerContext): string[] {
  return [
    ...(host.appArmor && appArmor.hasDefault ? ['name=apparmor'] : []),
    ...(host.seccomp ? ['name=seccomp,profile=builtin'] : []),
    ...(host.cgroupVersion === 2 ? ['name=cgroupns'] : []),
  ]
}

function countsOf({ containers }: ContainerContext) {
  const statuses = [...containers].map(({ status }) => status)
  const count = (...wanted: string[]) => statuses.filter((status) => wanted.includes(status)).length
  return {
    Containers: containers.size,
    ContainersRunning: count('running', 'restarting'),
    ContainersPaused: count('paused'),
    ContainersStopped: count('created', 'exited', 'dead', 'removing'),
  }
}

function limitsOf({ host }: ContainerContext) {
  const { limits } = host
  return {
    MemoryLimit: limits.memory,
    SwapLimit: limits.swap,
    CpuCfsPeriod: limits.cpuQuota,
    CpuCfsQuota: limits.cpuQuota,
    CPUShares: limits.cpuShares,
    CPUSet: limits.cpuset,
    PidsLimit: limits.pids,
    OomKillDisable: limits.oomKillDisable,
    CgroupVersion: String(host.cgroupVersion),
    IPv4Forwarding: readText('/proc/sys/net/ipv4/ip_forward').trim() === '1',
  }
}

function machineOf() {
  const release = Object.fromEntries(
    readText('/etc/os-release')
      .split('\n')
      .map((line) => line.split('=', 2) as [string, string])
      .map(([key, value = '']) => [key, value.replace(/^"(.*)"$/, '$1')]),
  )
  return {
    KernelVersion: os.release(),
    OperatingSystem: release['PRETTY_NAME'] ?? 'Linux',
    OSVersion: release['VERSION_ID'] ?? '',
    OSType: 'linux',
    Architecture: os.machine(),
    NCPU: os.availableParallelism(),
    MemTotal: os.totalmem(),
    Name: os.hostname(),
  }
}

function runtimesOf({ settings }: ContainerContext): InfoResult['Runtimes'] {
  const configured = Object.entries(settings.runtimes).map(([name, { path: file, runtimeType }]) => [
    name,
    { ...(file === undefined ? {} : { path: file }), ...(runtimeType === undefined ? {} : { runtimeType }) },
  ])
  return { [settings.defaultRuntime]: { path: settings.defaultRuntime }, ...Object.fromEntries(configured) }
}

const inactiveSwarm: InfoResult['Swarm'] = {
  NodeID: '',
  NodeAddr: '',
  LocalNodeState: 'inactive',
  ControlAvailable: false,
  Error: '',
  RemoteManagers: null,
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
