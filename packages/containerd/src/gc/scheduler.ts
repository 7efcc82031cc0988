// SPDX-License-Identifier: Apache-2.0
import { messageOf } from '@teu/errors'
import type { Logger } from '../log/logger.ts'

/** What tells the collector that something may have become garbage. */
export interface GcTrigger {
  /** Something was deleted: a run comes soon. */
  deleted(): void
  /** Something was changed that may make garbage: it is counted, and the next run sees to it. */
  dirty(): void
  /** Runs now, and settles when it is done: what a synchronous delete waits for. */
  collect(): Promise<void>
}

/** When the collector runs. @see the scheduler plugin of containerd, whose names and defaults these are */
export interface GcSchedule {
  /** How much of the time at most goes into collecting. @defaultValue 0.02 */
  pauseThreshold: number
  /** After how many changes the next look at the clock runs it. @defaultValue 100 */
  mutationThreshold: number
  /** How long after a deletion it runs at the earliest, in milliseconds. @defaultValue 0 */
  scheduleDelayMs: number
  /** How long after the start of the daemon it runs first, in milliseconds. @defaultValue 100 */
  startupDelayMs: number
}

/** The schedule of containerd. */
export const defaultGcSchedule: GcSchedule = {
  pauseThreshold: 0.02,
  mutationThreshold: 100,
  scheduleDelayMs: 0,
  startupDelayMs: 100,
}

/**
 * Decides when to collect: soon after a deletion, but so that collecting takes no more than its share of the time.
 * Runs never overlap.
 */
export class GcScheduler implements GcTrigger, AsyncDisposable {
  readonly #run: (signal: AbortSignal) => Promise<number | undefined>
  readonly #schedule: GcSchedule
  readonly #log: Logger
  #mutations = 0
  #lastMs = 0
  #lastEnd = 0
  #timer: NodeJS.Timeout | undefined
  #expiryTimer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #queued: Promise<void> | undefined
  #closed = false
  readonly #stop = new AbortController()

  /** @param run - collects, and returns when something expires next, in milliseconds since 1970 */
  constructor(run: (signal: AbortSignal) => Promise<number | undefined>, schedule: GcSchedule, log: Logger) {
    this.#run = run
    this.#schedule = schedule
    this.#log = log
  }

  start(): void {
    this.#arm(this.#schedule.startupDelayMs)
  }

  deleted(): void {
    this.#mutations++
    this.#arm(this.#schedule.scheduleDelayMs)
  }

  dirty(): void {
    this.#mutations++
    const { mutationThreshold, scheduleDelayMs } = this.#schedule
    if (mutationThreshold > 0 && this.#mutations >= mutationThreshold) this.#arm(scheduleDelayMs)
  }

  collect(): Promise<void> {
    if (this.#running === undefined) return this.#collectNow()
    // The run under way may have marked before the caller's change.
    this.#queued ??= this.#running.then(() => {
      this.#queued = undefined
      return this.#collectNow()
    })
    return this.#queued
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    clearTimeout(this.#expiryTimer)
    // A collection that this stops half-way leaves the rest of its garbage to the next start.
    this.#stop.abort()
    await (this.#queued ?? this.#running)
  }

  /** Sets the timer unless it is set: the earliest wish counts, but never earlier than the share of time allows. */
  #arm(delayMs: number): void {
    if (this.#timer !== undefined || this.#closed) return
    const rest = this.#lastEnd + this.#lastMs / this.#schedule.pauseThreshold - performance.now()
    // A few deletions in a row, as when a container goes, are one run's work.
    const pauseMs = Math.max(delayMs, rest, 20)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.collect()
    }, pauseMs).unref()
  }

  #collectNow(): Promise<void> {
    this.#running = this.#collect().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #collect(): Promise<void> {
    const before = performance.now()
    this.#mutations = 0
    try {
      const expiry = await this.#run(this.#stop.signal)
      if (expiry !== undefined) this.#armExpiry(expiry)
    } catch (error) {
      if (!this.#closed) this.#log.error({ error: messageOf(error) }, 'garbage collection failed')
    }
    this.#lastEnd = performance.now()
    this.#lastMs = this.#lastEnd - before
  }

  #armExpiry(expiry: number): void {
    clearTimeout(this.#expiryTimer)
    const longest = 2 ** 31 - 1
    const waitMs = Math.min(longest, Math.max(1000, expiry - Date.now()))
    this.#expiryTimer = setTimeout(() => this.#arm(0), waitMs).unref()
  }
}
