// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/**
 * The number of each stream. A frame is one byte with it, three zero bytes, four bytes of length (big endian), then
 * the payload; a stream with a terminal has no frames.
 *
 * @public
 */
export const streamIds = { stdin: 0, stdout: 1, stderr: 2, systemError: 3 } as const

/** Name of a stream inside a multiplexed one; `systemError` carries a failure's text. @public */
export type StreamName = keyof typeof streamIds

/** Bytes before each payload. @public */
export const frameHeaderLength = 8

/** One payload with the stream it belongs to. @public */
export interface StreamFrame {
  stream: StreamName
  payload: Uint8Array
}

const names: readonly (StreamName | undefined)[] = ['stdin', 'stdout', 'stderr', 'systemError']

/** A frame ready to be written. Payloads may be up to 2^32 - 1 bytes. @public */
export function encodeFrame(stream: StreamName, payload: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(frameHeaderLength + payload.byteLength)
  frame.writeUInt32BE(streamIds[stream] * 0x1000000, 0)
  frame.writeUInt32BE(payload.byteLength, 4)
  frame.set(payload, frameHeaderLength)
  return frame
}

/**
 * Splits a multiplexed stream. A payload is handed on as it arrives, so one long frame may come out as several with
 * the same stream, and memory stays that of one chunk. Ends with `data-loss` when the input is cut inside a frame,
 * and `invalid-argument` for an unknown stream number.
 *
 * @public
 */
export async function* decodeFrames(input: AsyncIterable<Uint8Array>): AsyncGenerator<StreamFrame> {
  let header = Buffer.alloc(0)
  let stream: StreamName = 'stdout'
  let left = 0
  for await (let chunk of input) {
    while (chunk.byteLength > 0) {
      if (left === 0) {
        const taken = chunk.subarray(0, frameHeaderLength - header.length)
        header = Buffer.concat([header, taken])
        chunk = chunk.subarray(taken.byteLength)
        if (header.length < frameHeaderLength) break
        stream = streamOf(header)
        left = header.readUInt32BE(4)
        header = Buffer.alloc(0)
        continue
      }
      const payload = chunk.subarray(0, left)
      chunk = chunk.subarray(payload.byteLength)
      left -= payload.byteLength
      yield { stream, payload }
    }
  }
  if (left > 0 || header.length > 0) throw new StackError('data-loss', 'stream ended inside a frame')
}

function streamOf(header: Buffer): StreamName {
  const name = names[header[0] as number]
  if (name === undefined) throw new StackError('invalid-argument', `unrecognized stream: ${header[0]}`)
  return name
}
