// SPDX-License-Identifier: Apache-2.0
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire'
import { codeFromGrpc, codeOf, grpcCodeOf, messageOf, StackError } from '@teu/errors'

/** A `google.rpc.Status` without its details, which no peer of ours sends. @internal */
export interface Status {
  readonly code: number
  readonly message: string
}

/** Writes a status as protobuf. @internal */
export function encodeStatus(status: Status): Uint8Array {
  const writer = new BinaryWriter()
  if (status.code !== 0) writer.uint32(8).int32(status.code)
  if (status.message !== '') writer.uint32(18).string(status.message)
  return writer.finish()
}

/** Reads a status; unknown fields are skipped. @internal */
export function decodeStatus(bytes: Uint8Array): Status {
  const reader = new BinaryReader(bytes)
  let code = 0
  let message = ''
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    if (tag === 8) code = reader.int32()
    else if (tag === 18) message = reader.string()
    else reader.skip(tag & 7, tag >>> 3)
  }
  return { code, message }
}

/** The status that tells a peer of `error`. @internal */
export function statusOf(error: unknown): Status {
  const code = codeOf(error)
  const message = messageOf(error)
  // A client tells these two from failed-precondition by the end of the message alone.
  const ending = code === 'conflict' ? ': conflict' : code === 'not-modified' ? ': not modified' : ''
  return { code: grpcCodeOf(code), message: message.endsWith(ending) ? message : `${message}${ending}` }
}

/** The error that a received status stands for. @internal */
export function errorOf(status: Status): StackError {
  return new StackError(codeFromGrpc(status.code, status.message), status.message)
}
