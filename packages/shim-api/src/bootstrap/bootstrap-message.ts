// SPDX-License-Identifier: Apache-2.0
import {
  BootstrapParams as BootstrapParamsMessage,
  BootstrapResult,
} from '../gen/containerd/runtime/bootstrap/v1/bootstrap.ts'
import type { Any } from '../gen/google/protobuf/any.ts'
import type { StartReply } from './start-reply.ts'

/** What containerd from 2.3 on says to `start` on standard input. Texts are empty when it does not say. @public */
export interface BootstrapParams {
  /** The task, as in the flag `-id`. */
  readonly id: string
  readonly namespace: string
  /** Whether containerd wants to see what its shims do: a log level of debug or below. */
  readonly debug: boolean
  readonly containerdVersion: string
  readonly ttrpcAddress: string
  readonly grpcAddress: string
  readonly containerdBinary: string
  /** The runtime's options, and whatever containerd adds. */
  readonly extensions: readonly Any[]
  /** Where sockets go. */
  readonly socketFolder: string
}

/** The level of containerd's log from which on, downwards, everything is told. */
const debugLevel = -4

/**
 * Reads what came on the standard input of `start`. Undefined when it is not of this protocol: earlier versions send the
 * runtime's options, an Any, whose fields have the same numbers and types. The task and the namespace of the command line
 * tell one from the other.
 *
 * @public
 */
export function parseBootstrapParams(
  input: Uint8Array,
  { id, namespace }: { readonly id: string; readonly namespace: string },
): BootstrapParams | undefined {
  if (input.length === 0) return undefined
  let params: BootstrapParamsMessage
  try {
    params = BootstrapParamsMessage.decode(input)
  } catch {
    return undefined
  }
  if (params.instanceId !== id || params.namespace !== namespace) return undefined
  return {
    id,
    namespace,
    debug: params.logLevel <= debugLevel,
    containerdVersion: params.containerdVersion,
    ttrpcAddress: params.containerdTtrpcAddress,
    grpcAddress: params.containerdGrpcAddress,
    containerdBinary: params.containerdBinary,
    extensions: params.extensions.flatMap(({ value }) => (value === undefined ? [] : [value])),
    socketFolder: params.socketDir,
  }
}

/** What containerd from 2.3 on writes: the inverse of {@link parseBootstrapParams}. @public */
export function formatBootstrapParams(params: BootstrapParams): Uint8Array {
  return BootstrapParamsMessage.encode({
    instanceId: params.id,
    namespace: params.namespace,
    logLevel: (params.debug ? debugLevel : 0) as BootstrapParamsMessage['logLevel'],
    containerdVersion: params.containerdVersion,
    containerdTtrpcAddress: params.ttrpcAddress,
    containerdGrpcAddress: params.grpcAddress,
    containerdBinary: params.containerdBinary,
    extensions: params.extensions.map((value) => ({ value })),
    socketDir: params.socketFolder,
  }).finish()
}

/** The answer of this protocol to `start`. @public */
export function encodeBootstrapResult({ version, address, protocol, serves }: StartReply): Uint8Array {
  const metadata = serves === undefined ? {} : { serves }
  return BootstrapResult.encode({ version, address, protocol, capabilities: [], metadata }).finish()
}

/** Reads an answer of this protocol; undefined for any other text. @internal */
export function decodeBootstrapResult(
  output: Uint8Array,
): (Omit<StartReply, 'protocol'> & { protocol: string }) | undefined {
  try {
    const { version, address, protocol, metadata } = BootstrapResult.decode(output)
    if (version < 2 || address === '') return undefined
    return { version, address, protocol, ...(metadata.serves === 'namespace' && { serves: 'namespace' as const }) }
  } catch {
    return undefined
  }
}
