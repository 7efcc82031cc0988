// SPDX-License-Identifier: Apache-2.0
import { nowNanoseconds } from '../clock.ts'
import type { EventsRequest } from '../routers/system/backend.ts'
import { type EngineEvent, type EventBus, encodeEvent } from './event-bus.ts'
import { eventFilter } from './event-filter.ts'

/** Longest delay that a timer takes, in milliseconds. */
const longestTimer = 2 ** 31 - 1

/**
 * Events as lines, until a time or until the client goes. The subscription has begun when this returns.
 * `invalid-argument` for a filter that does not exist.
 */
export function eventLines(bus: EventBus, request: EventsRequest): AsyncIterable<string> {
  const test = eventFilter(request.filters)
  const { until } = request
  // A limit alone asks for what has been as well.
  const since = request.since ?? (until === undefined ? undefined : 0n)
  const left = until === undefined ? undefined : Number((until - nowNanoseconds()) / 1_000_000n)
  const over = new AbortController()
  const follow = left === undefined || left > 0
  const timer = left !== undefined && follow ? setTimeout(() => over.abort(), Math.min(left, longestTimer)) : undefined
  const events = bus.subscribe({ since, follow, signal: AbortSignal.any([request.signal, over.signal]) })
  return lines(events, test, until, () => clearTimeout(timer))
}

async function* lines(
  events: AsyncIterable<EngineEvent>,
  test: (event: EngineEvent) => boolean,
  until: bigint | undefined,
  done: () => void,
): AsyncGenerator<string> {
  try {
    for await (const event of events) {
      if (until !== undefined && event.nanoseconds > until) return
      if (test(event)) yield encodeEvent(event)
    }
  } finally {
    done()
  }
}
