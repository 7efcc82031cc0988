// SPDX-License-Identifier: Apache-2.0

/** The time that the API writes for "never": Go's zero time. */
export const never = '0001-01-01T00:00:00Z'

/** Now, in nanoseconds since 1970, to the microsecond that the platform knows. */
export function nowNanoseconds(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n
}

/** RFC 3339 with as many of nine digits as are not trailing zeros, as Go prints times. */
export function formatTime(nanoseconds: bigint): string {
  const fraction = (nanoseconds % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '')
  return `${secondsText(nanoseconds)}${fraction === '' ? '' : `.${fraction}`}Z`
}

/** RFC 3339 with always nine digits, as log lines and events are stamped. */
export function formatFixedTime(nanoseconds: bigint): string {
  return `${secondsText(nanoseconds)}.${(nanoseconds % 1_000_000_000n).toString().padStart(9, '0')}Z`
}

/** Nanoseconds since 1970 of a time that {@link formatTime} or {@link formatFixedTime} wrote; 0 for {@link never}. */
export function parseTime(text: string): bigint {
  const match = /^(.{19})(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text)
  if (!match || text === never) return 0n
  const milliseconds = Date.parse(`${match[1]}${match[3]}`)
  if (Number.isNaN(milliseconds)) return 0n
  return BigInt(milliseconds) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'))
}

function secondsText(nanoseconds: bigint): string {
  return new Date(Number(nanoseconds / 1_000_000n)).toISOString().slice(0, 19)
}
