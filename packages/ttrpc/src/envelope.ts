// SPDX-License-Identifier: Apache-2.0
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire'
import { decodeStatus, encodeStatus, type Status } from './status.ts'

/** The body of a request frame. @internal */
export interface RequestEnvelope {
  readonly service: string
  readonly method: string
  readonly payload: Uint8Array
  /** How long the caller waits, in nanoseconds; 0 is for ever. */
  readonly timeoutNano: bigint
  readonly metadata: Readonly<Record<string, string>>
}

/** The body of a response frame. @internal */
export interface ResponseEnvelope {
  /** Absent when the call succeeded. */
  readonly status: Status | undefined
  readonly payload: Uint8Array
}

/** Writes a request: service 1, method 2, payload 3, timeout_nano 4, metadata 5. @internal */
export function encodeRequest(request: RequestEnvelope): Uint8Array {
  const writer = new BinaryWriter()
  writer.uint32(10).string(request.service)
  writer.uint32(18).string(request.method)
  if (request.payload.length > 0) writer.uint32(26).bytes(request.payload)
  if (request.timeoutNano !== 0n) writer.uint32(32).int64(request.timeoutNano)
  for (const [key, value] of Object.entries(request.metadata)) {
    writer.uint32(42).fork().uint32(10).string(key).uint32(18).string(value).join()
  }
  return writer.finish()
}

/** Reads a request. Of several values under one key the first counts. Throws on bytes that are no protobuf. @internal */
export function decodeRequest(bytes: Uint8Array): RequestEnvelope {
  const reader = new BinaryReader(bytes)
  const metadata: Record<string, string> = Object.create(null)
  const request = { service: '', method: '', payload: new Uint8Array(), timeoutNano: 0n, metadata }
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    if (tag === 10) request.service = reader.string()
    else if (tag === 18) request.method = reader.string()
    else if (tag === 26) request.payload = reader.bytes() as Uint8Array<ArrayBuffer>
    else if (tag === 32) request.timeoutNano = BigInt(reader.int64())
    else if (tag === 42) readPair(reader.bytes(), metadata)
    else reader.skip(tag & 7, tag >>> 3)
  }
  return request
}

function readPair(bytes: Uint8Array, into: Record<string, string>): void {
  const reader = new BinaryReader(bytes)
  let key = ''
  let value = ''
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    if (tag === 10) key = reader.string()
    else if (tag === 18) value = reader.string()
    else reader.skip(tag & 7, tag >>> 3)
  }
  into[key.toLowerCase()] ??= value
}

/** Writes a response: status 1, payload 2. @internal */
export function encodeResponse(response: ResponseEnvelope): Uint8Array {
  const writer = new BinaryWriter()
  if (response.status !== undefined) writer.uint32(10).bytes(encodeStatus(response.status))
  if (response.payload.length > 0) writer.uint32(18).bytes(response.payload)
  return writer.finish()
}

/** Reads a response. Throws on bytes that are no protobuf. @internal */
export function decodeResponse(bytes: Uint8Array): ResponseEnvelope {
  const reader = new BinaryReader(bytes)
  let status: Status | undefined
  let payload = new Uint8Array()
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    if (tag === 10) status = decodeStatus(reader.bytes())
    else if (tag === 18) payload = reader.bytes() as Uint8Array<ArrayBuffer>
    else reader.skip(tag & 7, tag >>> 3)
  }
  return { status: status === undefined || status.code === 0 ? undefined : status, payload }
}
