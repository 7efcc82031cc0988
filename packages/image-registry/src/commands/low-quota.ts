// SPDX-License-Identifier: Apache-2.0
import { describeQuota, type RegistryQuota } from '../client/http/quota.ts'

/** The part of a quota below which somebody wants to know of it. */
const low = 0.1

/** Tells, once for each registry, that a tenth or less of a quota is left. @internal */
export function lowQuota(tell: (text: string) => void): (registry: string, quota: RegistryQuota) => void {
  const told = new Set<string>()
  return (registry, quota) => {
    const isLow = quota.limit !== undefined && quota.remaining <= quota.limit * low
    if (!isLow || told.has(registry)) return
    told.add(registry)
    tell(`${registry}: rate limit: ${describeQuota(quota)}`)
  }
}
