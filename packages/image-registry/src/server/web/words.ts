// SPDX-License-Identifier: Apache-2.0
import { formatPlatform } from '@teu/oci-spec/image'

const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB']

/** A number of bytes as people read it: `74.5 MB`, in powers of 1,000 as docker has it. @internal */
export function size(bytes: number): string {
  let [value, unit] = [bytes, 0]
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1]
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toPrecision(3).replace(/\.?0+$/, '')} ${units[unit]}`
}

/** `1 tag`, `2 tags`. @internal */
export function count(number: number, noun: string): string {
  const plural = noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`
  return `${number.toLocaleString('en')} ${number === 1 ? noun : plural}`
}

/** A day; nothing for what is none, and for the times that reproducible builds write. @internal */
export function day(time: string | undefined): string | undefined {
  const at = Date.parse(time ?? '')
  return Number.isNaN(at) || at < 86_400_000 ? undefined : new Date(at).toISOString().slice(0, 10)
}

/** Enough of a digest to tell it from others. @internal */
export function short(digest: string): string {
  const [algorithm, encoded = ''] = digest.split(':')
  return algorithm === 'sha256' ? encoded.slice(0, 12) : `${algorithm}:${encoded.slice(0, 12)}`
}

/** A platform's name; what is none of the kind says `unknown`. @internal */
export function platformName(
  platform: { os?: unknown; architecture?: unknown; variant?: unknown } | undefined,
): string {
  const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, 64) : '')
  const [os, architecture, variant] = [text(platform?.os), text(platform?.architecture), text(platform?.variant)]
  return os === '' || architecture === ''
    ? 'unknown'
    : formatPlatform({ os, architecture, ...(variant && { variant }) })
}
