// SPDX-License-Identifier: Apache-2.0

/** `promise`, unless the caller leaves first. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  const { promise: left, reject } = Promise.withResolvers<never>()
  const leave = () => reject(signal.reason)
  if (signal.aborted) leave()
  signal.addEventListener('abort', leave, { once: true })
  return Promise.race([promise, left]).finally(() => signal.removeEventListener('abort', leave))
}
