// SPDX-License-Identifier: Apache-2.0
import { messageOf, StackError } from '@teu/errors'
import { formatExactJson, parseExactJson } from '@teu/oci-spec/runtime'
import type { MessageCodec } from '@teu/ttrpc'
import type { Any } from './gen/google/protobuf/any.ts'

/** A message type under the name that an `Any` carries. @public */
export interface NamedCodec<T> extends MessageCodec<T> {
  /** The full protobuf name, as `containerd.events.TaskExit`. */
  readonly typeUrl: string
}

/** Wraps a message. The type url is the bare name, without a host: containerd's own form. @public */
export function packAny<T>(codec: NamedCodec<T>, message: T): Any {
  return { typeUrl: codec.typeUrl, value: codec.encode(message).finish() }
}

/** Whether `any` holds this type, whatever host its url starts with. @public */
export function isAnyOf<T>(codec: NamedCodec<T>, any: Any | undefined): boolean {
  return any !== undefined && bareTypeUrl(any.typeUrl) === codec.typeUrl
}

/** Unwraps a message; `invalid-argument` when `any` holds another type or is damaged. @public */
export function unpackAny<T>(codec: NamedCodec<T>, any: Any): T {
  if (!isAnyOf(codec, any)) {
    throw new StackError('invalid-argument', `expected a ${codec.typeUrl}, got ${JSON.stringify(any.typeUrl)}`)
  }
  try {
    return codec.decode(any.value)
  } catch (error) {
    throw new StackError('invalid-argument', `damaged ${codec.typeUrl}: ${messageOf(error)}`, { cause: error })
  }
}

/** The name at the end of a type url: `type.googleapis.com/a.B` is `a.B`. Names that are paths keep their slashes. @public */
export function bareTypeUrl(typeUrl: string): string {
  return typeUrl.startsWith('type.googleapis.com/') ? typeUrl.slice('type.googleapis.com/'.length) : typeUrl
}

/** An `Any` that holds JSON under a name, as containerd passes OCI documents. A bigint is written with all its digits. @public */
export function packJson(typeUrl: string, value: unknown): Any {
  return { typeUrl, value: new TextEncoder().encode(formatExactJson(value)) }
}

/** The JSON in an `Any`, integers beyond ±(2^53-1) as bigints; `invalid-argument` when it is none. @public */
export function unpackJson(any: Any): unknown {
  try {
    return parseExactJson(new TextDecoder('utf-8', { fatal: true }).decode(any.value))
  } catch (error) {
    throw new StackError('invalid-argument', `no JSON in ${any.typeUrl}: ${messageOf(error)}`, { cause: error })
  }
}

/** The names of the OCI documents that travel as JSON. @public */
export const ociTypeUrls = {
  /** The process of an exec. */
  process: 'types.containerd.io/opencontainers/runtime-spec/1/Process',
  /** The limits of an update. */
  linuxResources: 'types.containerd.io/opencontainers/runtime-spec/1/LinuxResources',
  /** What a runtime knows. */
  features: 'types.containerd.io/opencontainers/runtime-spec/1/features/Features',
  /** A whole config.json. */
  spec: 'types.containerd.io/opencontainers/runtime-spec/1/Spec',
} as const
