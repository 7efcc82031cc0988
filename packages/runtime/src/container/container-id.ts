// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

const maximumLength = 1024

/** Throws `invalid-argument` unless `id` is made of letters, digits and `_ + - .`, and is no name of a directory. @internal */
export function checkContainerId(id: string): void {
  if (id === '') throw new StackError('invalid-argument', 'container id cannot be empty')
  if (!/^[\w+.-]+$/.test(id) || id === '.' || id === '..' || id.length > maximumLength) {
    throw new StackError('invalid-argument', 'invalid container ID format')
  }
}
