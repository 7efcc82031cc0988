// SPDX-License-Identifier: Apache-2.0
import { parseCpuList } from '@teu/linux'
import type { LinuxResources } from '@teu/oci-spec/runtime'
import { deviceProperties } from './device-properties.ts'
import { property, type UnitProperty } from './property.ts'

const none = 0xffff_ffff_ffff_ffffn
const defaultPeriod = 100_000
const microseconds = 1_000_000
const quotaStep = 10_000

/** What the properties depend on besides the limits. @internal */
export interface SystemdFacts {
  /** Version of the cgroup hierarchy. */
  cgroup: 1 | 2
  /** Version of systemd; 0 when unknown. */
  version: number
}

/**
 * Limits as properties of a unit, so that systemd does not undo what is written into the cgroup itself: where it has
 * none for a limit, the latter alone stands. systemd.resource-control(5).
 *
 * @internal
 */
export function resourceProperties(resources: LinuxResources, facts: SystemdFacts): UnitProperty[] {
  const { memory = {}, cpu = {}, pids, blockIO } = resources
  const unified = facts.cgroup === 2
  const properties = resources.devices ? deviceProperties(resources.devices, facts.version) : []
  if (memory.limit) properties.push(property(unified ? 'MemoryMax' : 'MemoryLimit', 't', limit(memory.limit)))
  if (unified && memory.reservation) properties.push(property('MemoryLow', 't', limit(memory.reservation)))
  const swap = unified ? swapOnly(memory.limit ?? 0, memory.swap ?? 0) : undefined
  if (swap !== undefined) properties.push(property('MemorySwapMax', 't', swap))
  if (cpu.shares) {
    properties.push(
      unified ? property('CPUWeight', 't', weight(cpu.shares)) : property('CPUShares', 't', BigInt(cpu.shares)),
    )
  }
  properties.push(...quotaProperties(cpu.quota ?? 0, cpu.period ?? 0, facts.version))
  if (!unified && blockIO?.weight) properties.push(property('BlockIOWeight', 't', BigInt(blockIO.weight)))
  if (pids?.limit) properties.push(property('TasksMax', 't', limit(pids.limit)))
  if (facts.version >= 244) {
    if (cpu.cpus) properties.push(property('AllowedCPUs', 'ay', bits(cpu.cpus)))
    if (cpu.mems) properties.push(property('AllowedMemoryNodes', 'ay', bits(cpu.mems)))
  }
  return properties
}

function limit(value: number | bigint): bigint {
  return value < 0 ? none : BigInt(value)
}

function swapOnly(memory: number | bigint, swap: number | bigint): bigint | undefined {
  if (swap === 0) return memory === -1 ? none : undefined
  if (swap === -1) return none
  return swap > memory ? BigInt(swap) - BigInt(memory) : 0n
}

/** As runc converts: linear, since systemd rounds anyway. */
function weight(shares: number): bigint {
  return BigInt(1 + Math.trunc(((shares - 2) * 9999) / 262_142))
}

/** systemd keeps whole percents, and rounds up, so that the quota in the cgroup itself is never above its own. */
function quotaProperties(quota: number, period: number, version: number): UnitProperty[] {
  const properties: UnitProperty[] = []
  if (period > 0 && version >= 242) properties.push(property('CPUQuotaPeriodUSec', 't', BigInt(period)))
  if (quota === 0 && period === 0) return properties
  const perSecond = Math.trunc((quota * microseconds) / (period || defaultPeriod))
  const value = quota > 0 ? BigInt(Math.ceil(perSecond / quotaStep) * quotaStep) : none
  return [...properties, property('CPUQuotaPerSecUSec', 't', value)]
}

/** A bit a number, the lowest first. */
function bits(list: string): Uint8Array {
  const numbers = parseCpuList(list)
  const bytes = new Uint8Array(Math.floor((numbers.at(-1) ?? 0) / 8) + 1)
  for (const number of numbers) bytes[number >> 3] = (bytes[number >> 3] ?? 0) | (1 << (number & 7))
  return bytes
}
