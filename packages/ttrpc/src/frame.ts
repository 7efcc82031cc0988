// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { maximumMessageLength } from './limits.ts'

/** The length of the header before every body, in bytes. @internal */
export const headerLength = 10

/** What a frame carries. Types that are not listed are reserved, and ignored by a receiver. @internal */
export const frameType = { request: 1, response: 2, data: 3 } as const

/**
 * The flag bits. On a request: `remoteClosed` says that its sender has nothing to add, `remoteOpen` that data frames
 * follow; neither is set on a unary call. On data: `remoteClosed` ends the sender's half, `noData` says that there is
 * no message in this frame (an empty body alone is an empty message).
 *
 * @internal
 */
export const frameFlag = { remoteClosed: 1, remoteOpen: 2, noData: 4 } as const

/** The ten bytes before a body, decoded. @internal */
export interface FrameHeader {
  /** Length of the body in bytes. */
  readonly length: number
  readonly streamId: number
  readonly type: number
  readonly flags: number
}

/** A frame as it was received. @internal */
export interface Frame extends FrameHeader {
  /** Absent when the frame was longer than {@link maximumMessageLength}; its bytes are then skipped. */
  readonly body: Uint8Array | undefined
}

/** What a receiver says of a body of `length` bytes that is too long. @internal */
export function oversizedMessage(length: number): StackError {
  return new StackError(
    'resource-exhausted',
    `message length ${length} exceed maximum message size of ${maximumMessageLength}`,
  )
}

/** The header of a frame: big-endian length and stream id, then type and flags. @internal */
export function encodeHeader(header: FrameHeader): Buffer {
  const bytes = Buffer.allocUnsafe(headerLength)
  bytes.writeUInt32BE(header.length, 0)
  bytes.writeUInt32BE(header.streamId, 4)
  bytes[8] = header.type
  bytes[9] = header.flags
  return bytes
}

/** Reads a header; `bytes` must hold at least {@link headerLength} of them. @internal */
export function decodeHeader(bytes: Buffer): FrameHeader {
  return {
    length: bytes.readUInt32BE(0),
    streamId: bytes.readUInt32BE(4),
    type: bytes.readUInt8(8),
    flags: bytes.readUInt8(9),
  }
}
