// SPDX-License-Identifier: Apache-2.0
import type { HostConfig } from '@teu/engine-api'
import type { EngineSettings } from '../settings.ts'
import { maskedPathsOf, readonlyPaths } from '../spec/system-paths.ts'

/**
 * A request's host config with every field that inspect shows: what the request leaves out gets the value that the
 * original shows for it.
 */
export function completeHostConfig(
  requested: HostConfig,
  settings: Pick<EngineSettings, 'logConfig' | 'defaultShmSize' | 'defaultRuntime'>,
  host: { cgroupVersion: 1 | 2; cpus: number },
): HostConfig {
  return {
    ...emptyHostConfig,
    ...systemPathsOf(requested, host),
    ...requested,
    LogConfig: logConfigOf(requested, settings),
    NetworkMode: networkModeOf(requested),
    RestartPolicy: { MaximumRetryCount: 0, ...requested.RestartPolicy, Name: requested.RestartPolicy?.Name || 'no' },
    CgroupnsMode: requested.CgroupnsMode || (host.cgroupVersion === 2 ? 'private' : 'host'),
    IpcMode: requested.IpcMode || 'private',
    ShmSize: requested.ShmSize || settings.defaultShmSize,
    Runtime: requested.Runtime || settings.defaultRuntime,
    MemorySwap: memorySwapOf(requested),
  }
}

/** Which of the kernel's paths are hidden and protected where a request does not list any. */
function systemPathsOf({ Privileged, SecurityOpt }: HostConfig, { cpus }: { cpus: number }): HostConfig {
  if (Privileged) return {}
  if (SecurityOpt?.includes('systempaths=unconfined')) return { MaskedPaths: [], ReadonlyPaths: [] }
  return { MaskedPaths: maskedPathsOf(cpus), ReadonlyPaths: [...readonlyPaths] }
}

/** Memory and swap together are twice the memory unless a request says otherwise. */
function memorySwapOf({ Memory = 0, MemorySwap = 0 }: HostConfig): number {
  return Memory > 0 && MemorySwap === 0 ? Memory * 2 : MemorySwap
}

function networkModeOf({ NetworkMode }: HostConfig): string {
  return NetworkMode === undefined || NetworkMode === '' || NetworkMode === 'default' ? 'bridge' : NetworkMode
}

function logConfigOf(requested: HostConfig, settings: Pick<EngineSettings, 'logConfig'>) {
  const { Type, Config } = requested.LogConfig ?? {}
  const inherits = !Type || Type === settings.logConfig.Type
  return {
    Type: Type || settings.logConfig.Type,
    Config: { ...(inherits ? settings.logConfig.Config : {}), ...Config },
  }
}

const emptyHostConfig: HostConfig = {
  Binds: null,
  ContainerIDFile: '',
  PortBindings: {},
  AutoRemove: false,
  VolumeDriver: '',
  VolumesFrom: null,
  ConsoleSize: [0, 0],
  CapAdd: null,
  CapDrop: null,
  Dns: [],
  DnsOptions: [],
  DnsSearch: [],
  ExtraHosts: null,
  GroupAdd: null,
  Cgroup: '',
  Links: null,
  OomScoreAdj: 0,
  PidMode: '',
  Privileged: false,
  PublishAllPorts: false,
  ReadonlyRootfs: false,
  SecurityOpt: null,
  UTSMode: '',
  UsernsMode: '',
  Isolation: '',
  CpuShares: 0,
  Memory: 0,
  NanoCpus: 0,
  CgroupParent: '',
  BlkioWeight: 0,
  BlkioWeightDevice: [],
  BlkioDeviceReadBps: [],
  BlkioDeviceWriteBps: [],
  BlkioDeviceReadIOps: [],
  BlkioDeviceWriteIOps: [],
  CpuPeriod: 0,
  CpuQuota: 0,
  CpuRealtimePeriod: 0,
  CpuRealtimeRuntime: 0,
  CpusetCpus: '',
  CpusetMems: '',
  Devices: [],
  DeviceCgroupRules: null,
  DeviceRequests: null,
  MemoryReservation: 0,
  MemorySwappiness: null,
  OomKillDisable: null,
  PidsLimit: null,
  Ulimits: null,
  CpuCount: 0,
  CpuPercent: 0,
  IOMaximumIOps: 0,
  IOMaximumBandwidth: 0,
  MaskedPaths: null,
  ReadonlyPaths: null,
}
