// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/** The longest delay that a timer of Node keeps, in milliseconds; a longer one would fire at once. */
const longestTimer = 2 ** 31 - 1

/** A signal that may be aborted by a parent, by a deadline or by hand, and must be released when it is done with. @internal */
export interface Deadline {
  readonly signal: AbortSignal
  abort(reason: unknown): void
  release(): void
}

/**
 * A signal that aborts after `timeoutMs` (never when undefined; at once when not positive) or with `parent`. Unlike
 * `AbortSignal.any` it leaves nothing behind on a long-lived parent.
 *
 * @internal
 */
export function startDeadline(timeoutMs: number | undefined, parent?: AbortSignal): Deadline {
  const controller = new AbortController()
  const expire = () => controller.abort(new StackError('deadline-exceeded', 'context deadline exceeded'))
  const follow = () => controller.abort(new StackError('cancelled', 'context canceled', { cause: parent?.reason }))
  let timer: NodeJS.Timeout | undefined
  if (timeoutMs !== undefined && timeoutMs <= 0) expire()
  else if (timeoutMs !== undefined && timeoutMs <= longestTimer) timer = setTimeout(expire, timeoutMs)
  if (parent?.aborted) follow()
  else parent?.addEventListener('abort', follow, { once: true })
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => {
      clearTimeout(timer)
      parent?.removeEventListener('abort', follow)
    },
  }
}
