// SPDX-License-Identifier: Apache-2.0
import { type Any, createOptions, isAnyOf, RuncOptions, runcOptions, unpackAny } from '@teu/shim-api'

/**
 * The options of a Create, whichever of the two types a client has them in. Clients of containerd choose by the runtime's
 * name: runc's own type for `io.containerd.runc`, the older one for every other, as ours. None are the default ones.
 * Undefined for options of another shim; throws `invalid-argument` for damaged ones.
 *
 * @internal
 */
export function readCreateOptions(options: Any | undefined): RuncOptions | undefined {
  if (options === undefined || options.typeUrl === '') return RuncOptions.fromPartial({})
  if (isAnyOf(runcOptions, options)) return unpackAny(runcOptions, options)
  if (!isAnyOf(createOptions, options)) return undefined
  // The other fields are for restored containers, which the shim refuses.
  const { noPivotRoot, noNewKeyring, shimCgroup, ioUid, ioGid } = unpackAny(createOptions, options)
  return RuncOptions.fromPartial({ noPivotRoot, noNewKeyring, shimCgroup, ioUid, ioGid })
}
