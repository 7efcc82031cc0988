// SPDX-License-Identifier: Apache-2.0

/** What `checkBeforeUpdate` asks for: throws `EBUSY` for a limit that is used up already. @internal */
export function refuseBelowUsage(usage: bigint, limit: number | bigint): void {
  if (usage < BigInt(limit)) return
  const message = `rejecting memory limit ${limit}: usage is ${usage}`
  throw Object.assign(new Error(message), { code: 'EBUSY', errno: 16 })
}
