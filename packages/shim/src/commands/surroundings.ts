// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { readShimEnvironment, type ShimArguments } from '@teu/shim-api'
import { type ShimAddress, shimAddress } from '../bootstrap/shim-address.ts'
import type { RuntimeLibrary } from '../oci-runtime/runtime-library.ts'

/** One call of a shim's program. @internal */
export interface ShimInvocation {
  readonly arguments: ShimArguments
  readonly env: NodeJS.ProcessEnv
  readonly runtimeLibrary: () => Promise<RuntimeLibrary | undefined>
}

/** Where the shim of `group` is, for this call. @internal */
export function addressOfGroup({ arguments: { address, namespace }, env }: ShimInvocation, group: string): ShimAddress {
  return shimAddress(address, namespace, group, env)
}

/** Where events go: what containerd says, else where it listens by its own rule. @internal */
export function eventsAddress({ arguments: { address }, env }: ShimInvocation): string {
  return readShimEnvironment(env).ttrpcAddress ?? `${address}.ttrpc`
}

/** Throws `invalid-argument` when a flag is missing that the action needs. @internal */
export function requireFlags(arguments_: ShimArguments, ...flags: ('namespace' | 'id' | 'address')[]): void {
  for (const flag of flags) {
    if (arguments_[flag] === '') throw new StackError('invalid-argument', `shim ${flag} cannot be empty`)
  }
}

/** The PATH of runtimes and hooks. @internal */
export function searchPath(env: NodeJS.ProcessEnv): string {
  return env.PATH || '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
}
