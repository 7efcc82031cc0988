// SPDX-License-Identifier: Apache-2.0
import { dirname } from 'node:path'
import { parseCpuList } from '../../process/cpu-list.ts'
import { readControl, readNumber, writeControl } from '../files.ts'
import type { CpusetStats } from '../stats.ts'

const files = ['cpuset.cpus', 'cpuset.mems'] as const

/**
 * Gives a cpuset, and first those above it that are empty too, the processors and memory nodes of the one above: a v1
 * cpuset starts empty, and no process can join an empty one. The root is never empty, so this ends there.
 *
 * @internal
 */
export function inheritCpuset(folder: string): void {
  for (const file of files) {
    if (readControl(folder, file)?.trim() !== '') continue
    const above = dirname(folder)
    if (readControl(above, file)?.trim() === '') inheritCpuset(above)
    writeControl(folder, file, readControl(above, file)?.trim() ?? '')
  }
}

/** Reads what a v1 cpuset says of itself. @internal */
export function readCpusetStats(folder: string): CpusetStats {
  const list = (file: string) => parseCpuList(readControl(folder, file) ?? '')
  const number = (name: string) => readNumber(folder, `cpuset.${name}`)
  return {
    cpus: list('cpuset.cpus'),
    mems: list('cpuset.mems'),
    cpuExclusive: number('cpu_exclusive'),
    memHardwall: number('mem_hardwall'),
    memExclusive: number('mem_exclusive'),
    memoryMigrate: number('memory_migrate'),
    memorySpreadPage: number('memory_spread_page'),
    memorySpreadSlab: number('memory_spread_slab'),
    memoryPressure: number('memory_pressure'),
    schedLoadBalance: number('sched_load_balance'),
    schedRelaxDomainLevel: number('sched_relax_domain_level'),
  }
}
