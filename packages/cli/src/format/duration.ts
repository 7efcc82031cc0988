// SPDX-License-Identifier: Apache-2.0

const unitNanoseconds: Record<string, number> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
}

/** A Go duration (`1m30s`, `1.5h`, `-2ms`) in nanoseconds. Throws with Go's text on anything else. */
export function parseDuration(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1
  let rest = text.replace(/^[+-]/, '')
  if (rest === '0') return 0
  if (rest === '') throw new Error(`time: invalid duration ${JSON.stringify(text)}`)
  let total = 0
  while (rest !== '') {
    const part = /^([0-9]+\.?[0-9]*|\.[0-9]+)([^0-9.]*)/.exec(rest)
    if (!part) throw new Error(`time: invalid duration ${JSON.stringify(text)}`)
    const unit = part[2] as string
    if (unit === '') throw new Error(`time: missing unit in duration ${JSON.stringify(text)}`)
    const factor = unitNanoseconds[unit]
    if (factor === undefined) {
      throw new Error(`time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`)
    }
    total += Number(part[1]) * factor
    rest = rest.slice(part[0].length)
  }
  if (total >= 2 ** 63) throw new Error(`time: invalid duration ${JSON.stringify(text)}`)
  return sign * Math.trunc(total)
}

/** How long ago, in the rough words of docker's lists: `2 minutes`, `About an hour`, `3 weeks`. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000)
  const minutes = Math.trunc(milliseconds / 60_000)
  const hours = Math.trunc(milliseconds / 3_600_000 + 0.5)
  if (seconds < 1) return 'Less than a second'
  if (seconds === 1) return '1 second'
  if (seconds < 60) return `${seconds} seconds`
  if (minutes === 1) return 'About a minute'
  if (minutes < 60) return `${minutes} minutes`
  if (hours === 1) return 'About an hour'
  if (hours < 48) return `${hours} hours`
  return humanDays(hours, milliseconds)
}

function humanDays(hours: number, milliseconds: number): string {
  if (hours < 24 * 7 * 2) return `${Math.trunc(hours / 24)} days`
  if (hours < 24 * 30 * 2) return `${Math.trunc(hours / 24 / 7)} weeks`
  if (hours < 24 * 365 * 2) return `${Math.trunc(hours / 24 / 30)} months`
  return `${Math.trunc(Math.trunc(milliseconds / 3_600_000) / 24 / 365)} years`
}

/** A time as Go prints one by default: `2024-05-06 07:08:09 +0200 CEST`, in the local zone of this process. */
export function formatLocalTime(unixSeconds: number): string {
  const date = new Date(unixSeconds * 1000)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  return `${day} ${clock} ${zoneOffset(date)} ${zoneName(date)}`
}

/** RFC 3339 with the local offset: what `history --human=false` prints. */
export function formatRfc3339(unixSeconds: number): string {
  const date = new Date(unixSeconds * 1000)
  const two = (value: number) => String(value).padStart(2, '0')
  const offset = zoneOffset(date)
  const zone = offset === '+0000' ? 'Z' : `${offset.slice(0, 3)}:${offset.slice(3)}`
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}${zone}`
}

/** The offset of the local zone at `date`, as `+0200`. */
export function zoneOffset(date: Date): string {
  const minutes = -date.getTimezoneOffset()
  const magnitude = Math.abs(minutes)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${minutes < 0 ? '-' : '+'}${two(Math.trunc(magnitude / 60))}${two(magnitude % 60)}`
}

function zoneName(date: Date): string {
  const match = /\(([^)]+)\)/.exec(date.toString())
  const name = match?.[1] ?? ''
  if (name === 'Coordinated Universal Time') return 'UTC'
  const short = new Intl.DateTimeFormat('en', { timeZoneName: 'short' }).formatToParts(date)
  const text = short.find((part) => part.type === 'timeZoneName')?.value ?? 'UTC'
  return text.startsWith('GMT') ? zoneOffset(date).slice(0, 3) : text
}
