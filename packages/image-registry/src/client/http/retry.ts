// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf, StackError } from '@teu/errors'

/** How repetitions are spaced. @internal */
export interface RetryPolicy {
  retries: number
  delayMs: number
}

const maximumDelayMs = 10_000
/** A registry that asks for more patience than this is not waited for. */
const maximumRetryAfterMs = 60_000

const passing = new Set([408, 429, 500, 502, 503, 504])

/** Whether a status says that the same request may succeed later. @internal */
export function isPassingStatus(status: number): boolean {
  return passing.has(status)
}

const brokenConnection = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_PRX_CONN',
])

/** Whether an error of the transport is one of a connection that broke, as opposed to one that never can work. @internal */
export function isBrokenConnection(error: unknown): boolean {
  for (let depth = 0, at = error; depth < 8 && at instanceof Error; depth++, at = at.cause) {
    if (brokenConnection.has((at as NodeJS.ErrnoException).code ?? '')) return true
  }
  return false
}

/**
 * Milliseconds to wait before repetition number `attempt` (from 0); `undefined` when there is none: too many so far, or
 * the registry asks for more than a minute.
 *
 * @internal
 */
export function retryDelay(policy: RetryPolicy, attempt: number, retryAfter?: string): number | undefined {
  if (attempt >= policy.retries) return undefined
  const asked = retryAfter === undefined ? undefined : parseRetryAfter(retryAfter)
  if (asked !== undefined) return asked > maximumRetryAfterMs ? undefined : asked
  // Half of the delay is random, so that clients which failed together do not come back together.
  const delay = Math.min(policy.delayMs * 2 ** attempt, maximumDelayMs)
  return delay / 2 + (Math.random() * delay) / 2
}

function parseRetryAfter(value: string): number | undefined {
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now())
}

/** Waits, or throws `cancelled`. @internal */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(milliseconds, undefined, signal === undefined ? {} : { signal })
}

/**
 * Waits for something that knows no signal, no longer than its caller wants: work that others wait for too, or that a
 * caller's own function does. What is left goes on; its failure is nobody's then.
 *
 * @internal
 */
export async function waitFor<T>(doing: string, work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = () => reject(transportFailure(doing, signal.reason, signal))
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** The error of a transport, with the class and the text that callers can use. @internal */
export function transportFailure(doing: string, error: unknown, signal: AbortSignal | undefined): StackError {
  if (signal?.aborted) {
    const code = codeOf(signal.reason) === 'deadline-exceeded' ? 'deadline-exceeded' : 'cancelled'
    return new StackError(code, `${doing}: ${code === 'cancelled' ? 'cancelled' : 'deadline exceeded'}`, {
      cause: error,
    })
  }
  const { code, message } = error as NodeJS.ErrnoException
  const late = code?.endsWith('_TIMEOUT')
  // OpenSSL's texts end in a line feed.
  const why = (message || code || 'broken').replace(/\s+/g, ' ').trim()
  return new StackError(late ? 'deadline-exceeded' : 'unavailable', `${doing}: ${why}`, { cause: error })
}
