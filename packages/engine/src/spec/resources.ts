// SPDX-License-Identifier: Apache-2.0

import type { HostConfig, Resources, ThrottleDevice, Ulimit } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import type {
  LinuxBlockIo,
  LinuxCpu,
  LinuxMemory,
  LinuxPids,
  LinuxThrottleDevice,
  PosixRlimit,
} from '@teu/oci-spec/runtime'
import type { HostFacts } from './host-facts.ts'

/** The period that `--cpus` is counted in, microseconds. */
const nanoCpuPeriod = 100_000

/** An object without the properties whose value says nothing: undefined, null, zero, empty. */
function set<T extends object>(values: { [K in keyof T]?: T[K] | null | undefined }): T {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => Boolean(value) && !(Array.isArray(value) && value.length === 0)),
  ) as T
}

/** Memory limits in bytes. A swappiness of 0 is a value, -1 is none. */
export function memoryLimits(resources: Resources): LinuxMemory {
  const swappiness = resources.MemorySwappiness
  return {
    ...set<LinuxMemory>({
      limit: resources.Memory,
      reservation: resources.MemoryReservation,
      swap: resources.MemorySwap,
      disableOOMKiller: resources.OomKillDisable,
    }),
    ...(typeof swappiness === 'number' && swappiness >= 0 ? { swappiness } : {}),
  }
}

/** CPU limits; `NanoCpus` becomes a quota of a 100 ms period. */
export function cpuLimits(resources: Resources): LinuxCpu {
  const nano = resources.NanoCpus ?? 0
  return set<LinuxCpu>({
    shares: resources.CpuShares,
    period: nano > 0 ? nanoCpuPeriod : resources.CpuPeriod,
    quota: nano > 0 ? Math.trunc((nano * nanoCpuPeriod) / 1e9) : resources.CpuQuota,
    realtimePeriod: resources.CpuRealtimePeriod,
    realtimeRuntime: resources.CpuRealtimeRuntime,
    cpus: resources.CpusetCpus,
    mems: resources.CpusetMems,
  })
}

/** The limit on tasks; zero and less lift it. Undefined when nothing was asked. */
export function pidsLimit(resources: Resources): LinuxPids | undefined {
  const limit = resources.PidsLimit
  if (limit === null || limit === undefined) return undefined
  return { limit: limit > 0 ? limit : -1 }
}

function blockDevice(path: string | undefined, host: HostFacts): { major: number; minor: number } {
  try {
    const [device] = host.devicesAt(path ?? '')
    if (!device) throw new Error('no device node')
    return { major: device.major, minor: device.minor }
  } catch (error) {
    throw new StackError('invalid-argument', `stat ${path}: ${(error as Error).message}`, { cause: error })
  }
}

function throttle(list: readonly ThrottleDevice[] | null | undefined, host: HostFacts): LinuxThrottleDevice[] {
  return (list ?? []).map(({ Path, Rate = 0 }) => ({ ...blockDevice(Path, host), rate: Rate }))
}

/** Block I/O weights and rates; a path that is no device is `invalid-argument`. */
export function blockIoLimits(resources: Resources, host: HostFacts): LinuxBlockIo {
  return set<LinuxBlockIo>({
    weight: resources.BlkioWeight,
    weightDevice: (resources.BlkioWeightDevice ?? []).map(({ Path, Weight = 0 }) => ({
      ...blockDevice(Path, host),
      weight: Weight,
    })),
    throttleReadBpsDevice: throttle(resources.BlkioDeviceReadBps, host),
    throttleWriteBpsDevice: throttle(resources.BlkioDeviceWriteBps, host),
    throttleReadIOPSDevice: throttle(resources.BlkioDeviceReadIOps, host),
    throttleWriteIOPSDevice: throttle(resources.BlkioDeviceWriteIOps, host),
  })
}

/** -1 means no limit: RLIM_INFINITY, which has more digits than a number holds. */
const limitValue = (value: number | undefined): number | bigint => (value === -1 ? 2n ** 64n - 1n : (value ?? 0))

/** `--ulimit`: one entry a name, the last of several. */
export function rlimits(ulimits: HostConfig['Ulimits']): PosixRlimit[] {
  const byName = new Map<string, Ulimit>((ulimits ?? []).map((ulimit) => [(ulimit.Name ?? '').toUpperCase(), ulimit]))
  return [...byName].map(([name, { Hard, Soft }]) => ({
    type: `RLIMIT_${name}`,
    hard: limitValue(Hard),
    soft: limitValue(Soft),
  }))
}
