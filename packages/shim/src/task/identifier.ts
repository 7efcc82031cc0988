// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/** Throws `invalid-argument` unless `id` may be a container's or exec's: containerd's rule, so it is no path either. @internal */
export function checkIdentifier(id: string, what: string): void {
  if (id.length > 0 && id.length <= 76 && /^[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)*$/.test(id)) return
  throw new StackError('invalid-argument', `${what} ${JSON.stringify(id.slice(0, 100))} is no identifier`)
}
