// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import type { HostConfig, Resources } from '@teu/engine-api'
import { cut } from '../flags/csv.ts'
import { parseDevices } from '../flags/device.ts'
import { openFailure, pairsToRecord } from '../flags/env-file.ts'
import type { PortFlags } from '../flags/publish.ts'
import { parseRestartPolicy } from '../flags/restart-policy.ts'
import type { VolumeFlags } from '../flags/volume.ts'
import type { CreateFlagValues } from './create-flags.ts'
import { checkNamespaceModes } from './namespace-modes.ts'
import { networkMode } from './networking-config.ts'

/** The host's part of a create body. Throws with docker's text where flags contradict one another. */
export function hostConfigOf(
  flags: CreateFlagValues,
  given: ReadonlySet<string>,
  ports: PortFlags,
  volumes: VolumeFlags,
): HostConfig {
  const devices = parseDevices(flags.device)
  checkNamespaceModes(flags)
  const restartPolicy = parseRestartPolicy(flags.restart)
  const logConfig = logConfigOf(flags)
  const security = securityOptions(flags['security-opt'])
  const storageOptions = storageOptionsOf(flags['storage-opt'])
  if (flags.rm && restartPolicy.Name !== 'no' && restartPolicy.Name !== '') {
    throw new Error('conflicting options: cannot specify both --restart and --rm')
  }
  return {
    Binds: volumes.binds.length > 0 ? volumes.binds : null,
    ContainerIDFile: flags.cidfile,
    LogConfig: logConfig,
    NetworkMode: networkMode(flags),
    PortBindings: ports.bindings,
    RestartPolicy: restartPolicy,
    AutoRemove: flags.rm,
    VolumeDriver: flags['volume-driver'],
    VolumesFrom: orNull(flags['volumes-from']),
    ConsoleSize: [0, 0],
    ...capabilitiesOf(flags),
    CgroupnsMode: flags.cgroupns,
    Dns: [...flags.dns],
    DnsOptions: [...flags['dns-option']],
    DnsSearch: [...flags['dns-search']],
    ExtraHosts: orNull(flags['add-host']),
    GroupAdd: orNull(flags['group-add']),
    IpcMode: flags.ipc,
    Cgroup: '',
    Links: orNull(flags.link),
    OomScoreAdj: flags['oom-score-adj'],
    PidMode: flags.pid,
    Privileged: flags.privileged,
    PublishAllPorts: flags['publish-all'],
    ReadonlyRootfs: flags['read-only'],
    SecurityOpt: security.options.length > 0 ? security.options : null,
    UTSMode: flags.uts,
    UsernsMode: flags.userns,
    ShmSize: flags['shm-size'],
    Isolation: flags.isolation,
    MaskedPaths: security.unmasked ? [] : null,
    ReadonlyPaths: security.unmasked ? [] : null,
    ...optional('StorageOpt', storageOptions),
    ...optional('Tmpfs', tmpfsOf(flags.tmpfs)),
    ...optional('Sysctls', { ...flags.sysctl }),
    ...optional('Annotations', { ...flags.annotation }),
    ...(flags.runtime === '' ? {} : { Runtime: flags.runtime }),
    ...(flags.mount.length === 0 ? {} : { Mounts: [...flags.mount] }),
    ...(given.has('init') ? { Init: flags.init } : {}),
    ...resourcesOf(flags, devices),
  }
}

function optional(key: string, record: Record<string, string>): Record<string, Record<string, string>> {
  return Object.keys(record).length === 0 ? {} : { [key]: record }
}

function orNull(values: readonly string[]): string[] | null {
  return values.length === 0 ? null : [...values]
}

function resourcesOf(flags: CreateFlagValues, devices: ReturnType<typeof parseDevices>): Resources {
  const swappiness = flags['memory-swappiness']
  if (swappiness !== -1 && (swappiness < 0 || swappiness > 100)) {
    throw new Error(`invalid value: ${swappiness}. Valid memory swappiness range is 0-100`)
  }
  const requests = [
    ...flags.gpus,
    ...(devices.cdi.length > 0
      ? [{ Driver: 'cdi', Count: 0, DeviceIDs: devices.cdi, Capabilities: [], Options: {} }]
      : []),
  ]
  const windows = {
    CpuCount: flags['cpu-count'],
    CpuPercent: flags['cpu-percent'],
    IOMaximumIOps: flags['io-maxiops'],
    IOMaximumBandwidth: flags['io-maxbandwidth'],
  }
  return {
    CpuShares: flags['cpu-shares'],
    Memory: flags.memory,
    NanoCpus: flags.cpus,
    CgroupParent: flags['cgroup-parent'],
    BlkioWeight: flags['blkio-weight'],
    BlkioWeightDevice: [...flags['blkio-weight-device']],
    BlkioDeviceReadBps: [...flags['device-read-bps']],
    BlkioDeviceWriteBps: [...flags['device-write-bps']],
    BlkioDeviceReadIOps: [...flags['device-read-iops']],
    BlkioDeviceWriteIOps: [...flags['device-write-iops']],
    CpuPeriod: flags['cpu-period'],
    CpuQuota: flags['cpu-quota'],
    CpuRealtimePeriod: flags['cpu-rt-period'],
    CpuRealtimeRuntime: flags['cpu-rt-runtime'],
    CpusetCpus: flags['cpuset-cpus'],
    CpusetMems: flags['cpuset-mems'],
    Devices: devices.mappings,
    DeviceCgroupRules: orNull(flags['device-cgroup-rule']),
    DeviceRequests: requests.length > 0 ? requests : null,
    MemoryReservation: flags['memory-reservation'],
    MemorySwap: flags['memory-swap'],
    MemorySwappiness: swappiness,
    OomKillDisable: flags['oom-kill-disable'],
    PidsLimit: flags['pids-limit'],
    Ulimits: uniqueUlimits(flags.ulimit),
    ...windows,
  }
}

/** Capabilities by their full names, sorted; `ALL` stands for every other, and adding wins over dropping. */
function capabilitiesOf(flags: CreateFlagValues): Pick<HostConfig, 'CapAdd' | 'CapDrop'> {
  const names = (given: readonly string[]) => {
    const full = given.map((name) => name.trim().toUpperCase()).map((name) => (isWhole(name) ? name : `CAP_${name}`))
    return full.includes('ALL') ? ['ALL'] : [...new Set(full)].sort()
  }
  const add = names(flags['cap-add'])
  return { CapAdd: orNull(add), CapDrop: orNull(names(flags['cap-drop']).filter((name) => !add.includes(name))) }
}

function isWhole(name: string): boolean {
  return name === 'ALL' || name === 'RESET' || name.startsWith('CAP_')
}

/** A later limit of the same name replaces an earlier one. */
function uniqueUlimits(ulimits: CreateFlagValues['ulimit']): CreateFlagValues['ulimit'][number][] {
  return [...new Map(ulimits.map((ulimit) => [ulimit.Name, ulimit])).values()]
}

function tmpfsOf(specs: readonly string[]): Record<string, string> {
  return Object.fromEntries(specs.map((spec) => cut(spec, ':').slice(0, 2)))
}

function logConfigOf(flags: CreateFlagValues): { Type: string; Config: Record<string, string> } {
  const driver = flags['log-driver']
  if (driver === 'none' && flags['log-opt'].length > 0) throw new Error(`invalid logging opts for driver ${driver}`)
  return { Type: driver, Config: pairsToRecord(flags['log-opt']) }
}

function storageOptionsOf(options: readonly string[]): Record<string, string> {
  if (options.some((option) => !option.includes('='))) throw new Error('invalid storage option')
  return pairsToRecord(options)
}

interface SecurityOptions {
  options: string[]
  /** `systempaths=unconfined` is carried out by the client: it sends empty lists of masked and read-only paths. */
  unmasked: boolean
}

function securityOptions(given: readonly string[]): SecurityOptions {
  const options = given.map(securityOption)
  return {
    options: options.filter((option) => option !== 'systempaths=unconfined'),
    unmasked: options.includes('systempaths=unconfined'),
  }
}

function securityOption(option: string): string {
  if (option === 'no-new-privileges') return option
  const separator = option.includes('=') ? '=' : ':'
  const [name, value, found] = cut(option, separator)
  if (!found) throw new Error(`Invalid --security-opt: ${JSON.stringify(option)}`)
  if (name !== 'seccomp' || value === 'unconfined' || value === 'builtin') return option
  let profile: string
  try {
    profile = readFileSync(value, 'utf8')
  } catch (error) {
    throw new Error(`opening seccomp profile (${value}) failed: ${openFailure(value, error).message}`)
  }
  try {
    return `seccomp=${JSON.stringify(JSON.parse(profile))}`
  } catch (error) {
    throw new Error(`compacting json for seccomp profile (${value}) failed: ${(error as Error).message}`)
  }
}
