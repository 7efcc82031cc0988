// SPDX-License-Identifier: Apache-2.0
import type { InfoResult } from '@teu/engine-api'

/** The missing limits of the host that `info` warns about, in docker's words. */
const missing = [
  ['MemoryLimit', 'No memory limit support'],
  ['SwapLimit', 'No swap limit support'],
  ['CpuCfsPeriod', 'No cpu cfs period support'],
  ['CpuCfsQuota', 'No cpu cfs quota support'],
  ['CPUShares', 'No cpu shares support'],
  ['CPUSet', 'No cpuset support'],
  ['IPv4Forwarding', 'IPv4 forwarding is disabled'],
] as const

/** Limits that containers can be given and that this host does not have. */
export function limitWarnings(
  facts: Pick<InfoResult, (typeof missing)[number][0] | 'OomKillDisable' | 'CgroupVersion'>,
): string[] {
  const warnings = missing.filter(([name]) => !facts[name]).map(([, text]) => `WARNING: ${text}`)
  // The second version of cgroups has no such switch, and nobody misses it.
  const oom = facts.OomKillDisable || facts.CgroupVersion !== '1' ? [] : ['WARNING: No oom kill disable support']
  return [...warnings, ...oom]
}
