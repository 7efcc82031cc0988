// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { readShimEnvironment, type ShimArguments } from '@teu/shim-api'
import { type ShimAddress, shimAddress, wholeNamespace } from '../bootstrap/shim-address.ts'
import type { RuntimeLibrary } from '../oci-runtime/runtime-library.ts'

/** One call of a shim's program. @internal */
export interface ShimInvocation {
  readonly arguments: ShimArguments
  readonly env: NodeJS.ProcessEnv
  readonly runtimeLibrary: () => Promise<RuntimeLibrary | undefined>
}

/**
 * Whether a shim serves all containers that name no group. Only who asks for it gets that: to any other containerd the
 * death of a shim is the death of all that it serves, so that each container has one of its own.
 *
 * @internal
 */
export function servesNamespace({ env }: ShimInvocation): boolean {
  return readShimEnvironment(env).serves === 'namespace'
}

/** Where the shim of a container is that names `group`, or with an empty one none, for this call. @internal */
export function addressOfGroup(invocation: ShimInvocation, group: string): ShimAddress {
  const { address, namespace, id } = invocation.arguments
  const own = servesNamespace(invocation) ? wholeNamespace : id
  return shimAddress(address, namespace, group || own, invocation.env)
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
