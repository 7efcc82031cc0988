// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { type ServiceError, status } from '@grpc/grpc-js'

/** Demands that a call fails with a code, by its gRPC name, or one of several, and that its text fits. */
export async function refused(
  call: Promise<unknown>,
  code: keyof typeof status | readonly (keyof typeof status)[],
  text?: RegExp,
): Promise<void> {
  const codes = typeof code === 'string' ? [code] : code
  const failure = await call.then(
    () => undefined,
    (error: ServiceError) => error,
  )
  assert.ok(failure, `the call was answered instead of ${codes.join(' or ')}`)
  const name = status[failure.code] as keyof typeof status | undefined
  assert.ok(name !== undefined && codes.includes(name), `${name}: ${failure.message}, not ${codes.join(' or ')}`)
  if (text) assert.match(failure.details, text)
}

/** All messages of a server's stream. */
export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const messages: T[] = []
  for await (const message of stream) messages.push(message)
  return messages
}
