// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { StackError } from '@teu/errors'

/** The longest path that a socket may be bound to here, in bytes. The kernel's own limit is 107. @public */
export const maximumSocketPathLength = 106

/**
 * Where a shim listens: `<directory>/<sha256 of address/namespace/key>`, the key being the task's id or its group. The
 * rule is containerd's, so both sides find the same shim. `invalid-argument` when the path is too long to be bound.
 *
 * @public
 */
export function shimSocketPath(directory: string, address: string, namespace: string, key: string): string {
  const path = join(
    directory,
    createHash('sha256')
      .update(join(address, namespace, key))
      .digest('hex'),
  )
  if (Buffer.byteLength(path) > maximumSocketPathLength) {
    throw new StackError('invalid-argument', `socket path ${path} is longer than ${maximumSocketPathLength} bytes`)
  }
  return path
}
