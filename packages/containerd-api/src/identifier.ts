// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

const maximumLength = 76
const pattern = /^[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*$/

/** Whether `text` may name a namespace, container, lease or task. @public */
export function isIdentifier(text: string): boolean {
  return text.length <= maximumLength && pattern.test(text)
}

/**
 * Checks a name of a namespace, container, lease or task: 1 to 76 letters and digits, with single `-`, `_` or `.`
 * between them.
 *
 * @param doing - put in front of the message
 * @throws `invalid-argument`, with containerd's text
 * @public
 */
export function validateIdentifier(text: string, doing = ''): void {
  const fail = (what: string) => new StackError('invalid-argument', `${doing}${what}: invalid argument`)
  if (text === '') throw fail('identifier must not be empty')
  if (text.length > maximumLength)
    throw fail(`identifier ${JSON.stringify(text)} greater than maximum length (${maximumLength} characters)`)
  if (!pattern.test(text)) throw fail(`identifier ${JSON.stringify(text)} must match ${pattern.source}`)
}
