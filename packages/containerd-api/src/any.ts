// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { formatExactJson, parseExactJson } from '@teu/oci-spec/runtime'
import type { MessageCodec } from '@teu/ttrpc'
import type { Any } from './gen/google/protobuf/any.ts'

const specPrefix = 'types.containerd.io/opencontainers/runtime-spec/1/'

/** The type names under which OCI runtime documents travel, as JSON. @public */
export const ociTypeUrls = {
  spec: `${specPrefix}Spec`,
  process: `${specPrefix}Process`,
  resources: `${specPrefix}LinuxResources`,
  features: `${specPrefix}features/Features`,
} as const

/** A protobuf message with its type's full name, as containerd writes it: without a scheme. @public */
export function packAny<T>(typeUrl: string, codec: MessageCodec<T>, message: T): Any {
  return { typeUrl, value: codec.encode(message).finish() }
}

/** A JSON document with the name of its type; a bigint is written as a number, with all its digits. @public */
export function packJson(typeUrl: string, value: unknown): Any {
  return { typeUrl, value: Buffer.from(formatExactJson(value)) }
}

/** The type's name of an Any, without a prefix such as `type.googleapis.com/`. @public */
export function typeNameOf(any: Pick<Any, 'typeUrl'>): string {
  const { typeUrl } = any
  return typeUrl.startsWith(specPrefix) ? typeUrl : typeUrl.slice(typeUrl.lastIndexOf('/') + 1)
}

/**
 * The message in an Any.
 *
 * @throws `invalid-argument` when it is of another type or its bytes do not decode
 * @public
 */
export function unpackAny<T>(any: Any, typeUrl: string, codec: MessageCodec<T>): T {
  if (typeNameOf(any) !== typeNameOf({ typeUrl }))
    throw new StackError('invalid-argument', `type ${any.typeUrl} is not ${typeUrl}: invalid argument`)
  try {
    return codec.decode(any.value)
  } catch (error) {
    throw new StackError('invalid-argument', `decode ${any.typeUrl}: invalid argument`, { cause: error })
  }
}

/**
 * The JSON document in an Any; integers beyond ±(2^53-1) are bigints.
 *
 * @throws `invalid-argument` when its bytes are not JSON
 * @public
 */
export function unpackJson(any: Any): unknown {
  try {
    return parseExactJson(Buffer.from(any.value).toString('utf8'))
  } catch (error) {
    throw new StackError('invalid-argument', `decode ${any.typeUrl}: invalid argument`, { cause: error })
  }
}
