// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/** So many of something in so many seconds. @public */
export interface Rate {
  count: number
  seconds: number
}

const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 }

/**
 * Reads a rate from `COUNT/PERIOD`, the period being a number with `s`, `m`, `h` or `d`, or one of these alone:
 * `600/1m`, `100/6h`, `20/s`. Throws `invalid-argument`.
 *
 * @public
 */
export function parseRate(text: string): Rate {
  const match = /^([1-9]\d{0,8})\/(\d{0,5})([smhd])$/.exec(text)
  const [, count, number, unit] = match ?? []
  const seconds = Number(number || 1) * (units[unit ?? ''] ?? 0)
  if (match === null || seconds === 0) {
    throw new StackError(
      'invalid-argument',
      `rate ${JSON.stringify(text.slice(0, 64))}: want COUNT/PERIOD, such as 600/1m`,
    )
  }
  return { count: Number(count), seconds }
}

/** Where a caller stands. @internal */
export interface Standing {
  /** Whether there was one left. */
  allowed: boolean
  /** How many are left, whole ones. */
  remaining: number
  /** Seconds until there is one again; 0 when there is. */
  retryAfter: number
}

/** Callers that are remembered; the one that was quiet the longest is forgotten first, with a full bucket. */
const maximumKeys = 20_000

/**
 * Counts by caller: each has a bucket of `count` that fills again evenly over the period.
 *
 * @internal
 */
export class Buckets {
  readonly rate: Rate
  readonly #levels = new Map<string, { level: number; at: number }>()

  constructor(rate: Rate) {
    this.rate = rate
  }

  /** Where a caller stands now. */
  look(key: string, now = performance.now()): Standing {
    return this.#standing(this.#level(key, now))
  }

  /** Takes one, if there is one. */
  take(key: string, now = performance.now()): Standing {
    const level = this.#level(key, now)
    const allowed = level >= 1
    const left = allowed ? level - 1 : level
    this.#levels.delete(key)
    this.#levels.set(key, { level: left, at: now })
    if (this.#levels.size > maximumKeys) this.#levels.delete(this.#levels.keys().next().value as string)
    return { ...this.#standing(left), allowed, retryAfter: allowed ? 0 : this.#wait(left) }
  }

  #level(key: string, now: number): number {
    const { count, seconds } = this.rate
    const known = this.#levels.get(key)
    return known === undefined ? count : Math.min(count, known.level + ((now - known.at) / 1000) * (count / seconds))
  }

  #standing(level: number): Standing {
    return { allowed: level >= 1, remaining: Math.floor(level), retryAfter: level >= 1 ? 0 : this.#wait(level) }
  }

  #wait(level: number): number {
    return Math.max(1, Math.ceil((1 - level) * (this.rate.seconds / this.rate.count)))
  }
}

/**
 * What stands for the host behind an address: IPv4 as it is, of IPv6 the first 64 bits, because whoever has one of them
 * has all.
 *
 * @internal
 */
export function hostKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? []
  const groups = head === '' ? [] : head.split(':')
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length)
  const all = [...groups, ...Array<string>(Math.max(0, missing)).fill('0'), ...(tail ? tail.split(':') : [])]
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':')}::/64`
}
