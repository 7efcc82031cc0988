// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { ErrorCode } from '@teu/errors'

/** Demands that a call fails with a code, or one of several, and that its text fits. */
export async function refused(
  call: Promise<unknown>,
  code: ErrorCode | readonly ErrorCode[],
  text?: RegExp,
): Promise<void> {
  const codes = typeof code === 'string' ? [code] : code
  const failure = await call.then(
    () => undefined,
    (error: Error & { code?: ErrorCode }) => error,
  )
  assert.ok(failure, `the call was answered instead of ${codes.join(' or ')}`)
  assert.ok(
    failure.code && codes.includes(failure.code),
    `${failure.code}: ${failure.message}, not ${codes.join(' or ')}`,
  )
  if (text) assert.match(failure.message, text)
}
