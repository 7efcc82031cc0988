// SPDX-License-Identifier: Apache-2.0
import type { Resources } from '@teu/engine-api'
import type { LimitFeatures } from './host-facts.ts'

/** Limits that the kernel can hold, and what to tell about those it cannot. */
export interface SupportedLimits<R extends Resources> {
  resources: R
  warnings: string[]
}

interface Rule {
  feature: keyof LimitFeatures
  asked(resources: Resources): boolean
  without: Resources
  warning: string
}

const unmounted = 'or the cgroup is not mounted'

const rules: readonly Rule[] = [
  {
    feature: 'memory',
    asked: ({ Memory = 0 }) => Memory > 0,
    without: { Memory: 0, MemorySwap: -1 },
    warning: `Your kernel does not support memory limit capabilities ${unmounted}. Limitation discarded.`,
  },
  {
    feature: 'memory',
    asked: ({ MemoryReservation = 0 }) => MemoryReservation > 0,
    without: { MemoryReservation: 0 },
    warning: `Your kernel does not support memory soft limit capabilities ${unmounted}. Limitation discarded.`,
  },
  {
    feature: 'swap',
    asked: ({ Memory = 0, MemorySwap = 0 }) => Memory > 0 && MemorySwap !== -1,
    without: { MemorySwap: -1 },
    warning: `Your kernel does not support swap limit capabilities ${unmounted}. Memory limited without swap.`,
  },
  {
    feature: 'swappiness',
    asked: ({ MemorySwappiness }) => typeof MemorySwappiness === 'number' && MemorySwappiness !== -1,
    without: { MemorySwappiness: null },
    warning: `Your kernel does not support memory swappiness capabilities ${unmounted}. Memory swappiness discarded.`,
  },
  {
    feature: 'oomKillDisable',
    asked: ({ OomKillDisable }) => OomKillDisable === true,
    without: { OomKillDisable: null },
    warning: 'Your kernel does not support OomKillDisable. OomKillDisable discarded.',
  },
  {
    feature: 'pids',
    asked: ({ PidsLimit }) => (PidsLimit ?? 0) > 0,
    without: { PidsLimit: null },
    warning: `Your kernel does not support PIDs limit capabilities ${unmounted}. PIDs limit discarded.`,
  },
  {
    feature: 'cpuShares',
    asked: ({ CpuShares = 0 }) => CpuShares > 0,
    without: { CpuShares: 0 },
    warning: `Your kernel does not support CPU shares ${unmounted}. Shares discarded.`,
  },
  {
    feature: 'cpuQuota',
    asked: ({ CpuPeriod = 0, CpuQuota = 0 }) => CpuPeriod !== 0 || CpuQuota !== 0,
    without: { CpuPeriod: 0, CpuQuota: 0 },
    warning: 'Your kernel does not support CPU CFS scheduler. CPU period/quota discarded.',
  },
  {
    feature: 'cpuset',
    asked: ({ CpusetCpus, CpusetMems }) => Boolean(CpusetCpus || CpusetMems),
    without: { CpusetCpus: '', CpusetMems: '' },
    warning: `Your kernel does not support cpuset ${unmounted}. Cpuset discarded.`,
  },
  {
    feature: 'blkioWeight',
    asked: ({ BlkioWeight = 0 }) => BlkioWeight > 0,
    without: { BlkioWeight: 0 },
    warning: `Your kernel does not support Block I/O weight ${unmounted}. Weight discarded.`,
  },
]

/** Leaves out the limits that this kernel cannot hold, as Docker does, with a warning for each. */
export function supportedLimits<R extends Resources>(resources: R, features: LimitFeatures): SupportedLimits<R> {
  let left = resources
  const warnings: string[] = []
  for (const { feature, asked, without, warning } of rules) {
    if (features[feature] || !asked(left)) continue
    left = { ...left, ...without }
    warnings.push(warning)
  }
  return { resources: left, warnings }
}
