// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { transportFailure } from './http/retry.ts'

/** How things are done in parallel. @internal */
export interface Parallel {
  concurrency: number
  signal: AbortSignal | undefined
  /** What is done, for the error of a signal that is aborted between two items. */
  doing: string
}

/**
 * Runs `work` for every item, at most `concurrency` at a time, in order. The first failure aborts the signal that the
 * others were given; it is thrown once all have ended, so that nothing goes on behind the caller's back. Throws
 * `invalid-argument` for a `concurrency` that is no number from 1 on.
 *
 * @internal
 */
export async function inParallel<T>(
  items: readonly T[],
  { concurrency, signal, doing }: Parallel,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  if (!(concurrency >= 1)) throw new StackError('invalid-argument', `concurrency ${concurrency} is not positive`)
  const failed = new AbortController()
  const joined = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal])
  let failure: { error: unknown } | undefined
  let next = 0
  const worker = async () => {
    while (next < items.length && failure === undefined) {
      const item = items[next++] as T
      try {
        if (joined.aborted) throw transportFailure(doing, joined.reason, signal)
        await work(item, joined)
      } catch (error) {
        failure ??= { error }
        failed.abort(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(Math.floor(concurrency), items.length) }, worker))
  if (failure !== undefined) throw failure.error
}
