// SPDX-License-Identifier: Apache-2.0
import { messageOf } from '@teu/errors'

/**
 * The message of an error on one line. A system error reads as the originals' do: the call, the path, the reason.
 *
 * @internal
 */
export function errorText(error: unknown): string {
  const { syscall, path, code } = (error ?? {}) as NodeJS.ErrnoException
  const message = messageOf(error)
  if (typeof syscall !== 'string' || typeof code !== 'string') return message.replaceAll('\n', ' ')
  const reason = /^[A-Z0-9]+: ([^,]+)/.exec(message)?.[1] ?? message
  return path === undefined ? `${syscall}: ${reason}` : `${syscall} ${path}: ${reason}`
}
