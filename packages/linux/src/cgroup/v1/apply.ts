// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs'
import { isErrno } from '../../errno.ts'
import { readControl, writeControl } from '../files.ts'
import type { BlockIoResources, CpuResources, LinuxResources, ThrottleDevice } from '../resources.ts'
import { applyV1Devices } from './devices.ts'
import { applyV1Memory } from './memory.ts'

type Paths = Readonly<Record<string, string>>

/** Writes all limits that are given into the v1 controllers. @internal */
export function applyV1Resources(paths: Paths, resources: LinuxResources): void {
  if (resources.unified && Object.keys(resources.unified).length > 0) {
    throw Object.assign(new Error('unified resources need cgroup v2, this host has v1'), { code: 'EINVAL', errno: 22 })
  }
  if (resources.devices) applyV1Devices(need(paths, 'devices'), resources.devices)
  if (resources.memory) applyV1Memory(() => need(paths, 'memory'), resources.memory)
  if (resources.cpu) applyCpu(paths, resources.cpu)
  if (resources.pids?.limit) applyPids(need(paths, 'pids'), resources.pids.limit)
  if (resources.blockIO) applyBlockIo(() => need(paths, 'blkio'), resources.blockIO)
  for (const { pageSize, limit } of resources.hugepageLimits ?? []) {
    writeControl(need(paths, 'hugetlb'), `hugetlb.${pageSize}.limit_in_bytes`, limit)
  }
  applyNetwork(paths, resources)
  applyRdma(paths, resources)
}

/** The folder of a controller. Throws `ENOENT` when the host has not mounted it. */
function need(paths: Paths, controller: string): string {
  const folder = paths[controller]
  if (folder !== undefined) return folder
  throw Object.assign(new Error(`the cgroup controller ${controller} is not mounted`), { code: 'ENOENT', errno: 2 })
}

function applyCpu(paths: Paths, cpu: CpuResources): void {
  const cpuset = () => need(paths, 'cpuset')
  if (cpu.cpus) writeControl(cpuset(), 'cpuset.cpus', cpu.cpus)
  if (cpu.mems) writeControl(cpuset(), 'cpuset.mems', cpu.mems)
  const folder = () => need(paths, 'cpu')
  if (cpu.shares) applyShares(folder(), cpu.shares)
  if (cpu.realtimePeriod) writeControl(folder(), 'cpu.rt_period_us', cpu.realtimePeriod)
  if (cpu.realtimeRuntime) writeControl(folder(), 'cpu.rt_runtime_us', cpu.realtimeRuntime)
  if (cpu.period || cpu.quota || cpu.burst !== undefined) applyBandwidth(folder(), cpu)
  if (cpu.idle !== undefined) writeControl(folder(), 'cpu.idle', cpu.idle)
}

// The kernel moves a value that is out of range to the nearest end without a word, so the result is read back.
function applyShares(folder: string, shares: number): void {
  writeControl(folder, 'cpu.shares', shares)
  const written = Number(readControl(folder, 'cpu.shares'))
  if (written === shares) return
  const bound =
    shares > written ? `the maximum allowed cpu-shares is ${written}` : `the minimum allowed cpu-shares is ${written}`
  throw Object.assign(new Error(bound), { code: 'EINVAL', errno: 22 })
}

// Period and quota have a ratio that the parent bounds, and burst may not exceed quota; whichever order passes is right.
function applyBandwidth(folder: string, { period, quota, burst }: CpuResources): void {
  const writePeriod = () => period && writeControl(folder, 'cpu.cfs_period_us', period)
  const writeQuota = () => quota && writeControl(folder, 'cpu.cfs_quota_us', quota)
  const writeBurst = () => burst !== undefined && writeControl(folder, 'cpu.cfs_burst_us', burst)
  const burstFirst = burst !== undefined && passes(writeBurst)
  if (passes(writePeriod)) writeQuota()
  else {
    writeQuota()
    writePeriod()
  }
  if (!burstFirst) writeBurst()
}

function passes(write: () => unknown): boolean {
  try {
    write()
    return true
  } catch (error) {
    if (isErrno(error, 'EINVAL')) return false
    throw error
  }
}

function applyPids(folder: string, limit: number): void {
  writeControl(folder, 'pids.max', limit > 0 ? limit : 'max')
}

function applyBlockIo(folder: () => string, io: BlockIoResources): void {
  const prefix = () => (existsSync(`${folder()}/blkio.bfq.weight`) ? 'blkio.bfq' : 'blkio')
  if (io.weight) writeControl(folder(), `${prefix()}.weight`, io.weight)
  if (io.leafWeight) writeControl(folder(), 'blkio.leaf_weight', io.leafWeight)
  for (const device of io.weightDevice ?? []) {
    const number = `${device.major}:${device.minor}`
    if (device.weight) writeControl(folder(), `${prefix()}.weight_device`, `${number} ${device.weight}`)
    if (device.leafWeight) writeControl(folder(), 'blkio.leaf_weight_device', `${number} ${device.leafWeight}`)
  }
  throttle(folder, 'read_bps', io.throttleReadBpsDevice)
  throttle(folder, 'write_bps', io.throttleWriteBpsDevice)
  throttle(folder, 'read_iops', io.throttleReadIOPSDevice)
  throttle(folder, 'write_iops', io.throttleWriteIOPSDevice)
}

function throttle(folder: () => string, what: string, devices: readonly ThrottleDevice[] = []): void {
  for (const { major, minor, rate } of devices) {
    writeControl(folder(), `blkio.throttle.${what}_device`, `${major}:${minor} ${rate}`)
  }
}

function applyNetwork(paths: Paths, { network }: LinuxResources): void {
  if (network?.classID) writeControl(need(paths, 'net_cls'), 'net_cls.classid', network.classID)
  for (const { name, priority } of network?.priorities ?? []) {
    writeControl(need(paths, 'net_prio'), 'net_prio.ifpriomap', `${name} ${priority}`)
  }
}

function applyRdma(paths: Paths, { rdma }: LinuxResources): void {
  for (const [device, { hcaHandles, hcaObjects }] of Object.entries(rdma ?? {})) {
    const line = `${device} hca_handle=${hcaHandles ?? 'max'} hca_object=${hcaObjects ?? 'max'}`
    writeControl(need(paths, 'rdma'), 'rdma.max', line)
  }
}
