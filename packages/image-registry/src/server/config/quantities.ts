// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

const durations: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of `30s`, `5m`, `1h30m`, `90d`, `0`. Throws `invalid-argument`. @internal */
export function parseDuration(text: string): number {
  if (text === '0') return 0
  if (!/^(?:\d{1,9}(?:\.\d{1,3})?(?:ms|s|m|h|d))+$/.test(text)) {
    throw new StackError(
      'invalid-argument',
      `${JSON.stringify(text.slice(0, 64))} is no duration: want 30s, 5m, 1h30m or 7d`,
    )
  }
  let total = 0
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g))
    total += Number(number) * (durations[unit as string] as number)
  return Math.round(total)
}

const sizes: Record<string, number> = {
  '': 1,
  ...{ KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 },
  ...{ KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30, TIB: 2 ** 40 },
}

/** Bytes of `4MiB`, `10GB`, `500000`. Throws `invalid-argument`. @internal */
export function parseSize(text: string): number {
  const [, number, unit = ''] = /^(\d{1,15}(?:\.\d{1,3})?) ?([KMGT]i?B)?$/i.exec(text) ?? []
  const bytes = Math.round(Number(number) * (sizes[unit.toUpperCase()] ?? Number.NaN))
  if (number !== undefined && Number.isSafeInteger(bytes)) return bytes
  throw new StackError(
    'invalid-argument',
    `${JSON.stringify(text.slice(0, 64))} is no size: want 4MiB, 10GB or a number of bytes`,
  )
}
