// SPDX-License-Identifier: Apache-2.0
import {
  dictionary,
  flag,
  int64,
  kernelText,
  list,
  nonEmptyText,
  object,
  oneOf,
  uint16,
  uint32,
  uint64,
  wideInt64,
  wideUint64,
} from '../shape/shape.ts'
import type {
  LinuxBlockIo,
  LinuxCpu,
  LinuxDeviceCgroup,
  LinuxHugepageLimit,
  LinuxInterfacePriority,
  LinuxMemory,
  LinuxNetwork,
  LinuxPids,
  LinuxRdma,
  LinuxResources,
  LinuxThrottleDevice,
  LinuxWeightDevice,
} from './resources.ts'

const memory = object<LinuxMemory>([], {
  limit: wideInt64,
  reservation: wideInt64,
  swap: wideInt64,
  kernel: wideInt64,
  kernelTCP: wideInt64,
  swappiness: uint64,
  disableOOMKiller: flag,
  useHierarchy: flag,
  checkBeforeUpdate: flag,
})

const cpu = object<LinuxCpu>([], {
  shares: uint64,
  quota: int64,
  burst: uint64,
  period: uint64,
  realtimeRuntime: int64,
  realtimePeriod: uint64,
  cpus: kernelText,
  mems: kernelText,
  idle: int64,
})

const throttle = list(
  object<LinuxThrottleDevice>(['major', 'minor', 'rate'], { major: int64, minor: int64, rate: wideUint64 }),
)

const blockIO = object<LinuxBlockIo>([], {
  weight: uint16,
  leafWeight: uint16,
  weightDevice: list(
    object<LinuxWeightDevice>(['major', 'minor'], { major: int64, minor: int64, weight: uint16, leafWeight: uint16 }),
  ),
  throttleReadBpsDevice: throttle,
  throttleWriteBpsDevice: throttle,
  throttleReadIOPSDevice: throttle,
  throttleWriteIOPSDevice: throttle,
})

const network = object<LinuxNetwork>([], {
  classID: uint32,
  priorities: list(object<LinuxInterfacePriority>(['name', 'priority'], { name: nonEmptyText, priority: uint32 })),
})

/** The shape of resources. @internal */
export const resources = object<LinuxResources>([], {
  devices: list(
    object<LinuxDeviceCgroup>(['allow'], {
      allow: flag,
      type: deviceType,
      major: int64,
      minor: int64,
      access: kernelText,
    }),
  ),
  memory,
  cpu,
  pids: object<LinuxPids>([], { limit: int64 }),
  blockIO,
  hugepageLimits: list(
    object<LinuxHugepageLimit>(['pageSize', 'limit'], { pageSize: nonEmptyText, limit: wideUint64 }),
  ),
  network,
  rdma: dictionary(object<LinuxRdma>([], { hcaHandles: uint32, hcaObjects: uint32 })),
  unified: dictionary(kernelText),
})

/** Go callers write an unset type as an empty string. */
function deviceType(value: unknown, path: string): 'a' | 'c' | 'b' {
  return value === '' ? 'a' : oneOf(['a', 'c', 'b'] as const)(value, path)
}
