// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/**
 * Request metadata as it arrives on the other side: keys in lower case.
 *
 * @throws `invalid-argument` for a key or a value that no HTTP/2 header can have, and for keys of binary values
 */
export function sentMetadata(metadata: Readonly<Record<string, string>> = {}): Record<string, string> {
  const sent: Record<string, string> = {}
  for (const [name, value] of Object.entries(metadata)) {
    const key = name.toLowerCase()
    if (!/^[0-9a-z_.-]+$/.test(key) || key.endsWith('-bin'))
      throw new StackError('invalid-argument', `metadata key ${JSON.stringify(name.slice(0, 256))}: invalid argument`)
    if (!/^[ -~]*$/.test(value))
      throw new StackError('invalid-argument', `metadata value of ${key} is not printable ASCII: invalid argument`)
    sent[key] = value.trim()
  }
  return sent
}

/** The failure of a call whose caller's signal has aborted. */
export function cancelled(signal: AbortSignal, cause: unknown = signal.reason): StackError {
  const late = (signal.reason as { name?: unknown } | undefined)?.name === 'TimeoutError'
  return late
    ? new StackError('deadline-exceeded', 'context deadline exceeded', { cause })
    : new StackError('cancelled', 'context canceled', { cause })
}

/** The failure of a message that is too large for the other side. */
export function tooLarge(size: number, limit: number): StackError {
  return new StackError('resource-exhausted', `message larger than max (${size} vs. ${limit}): resource exhausted`)
}
