// SPDX-License-Identifier: Apache-2.0
import { connect, type Socket } from 'node:net'
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire'

/** The longest body that a frame may have. */
export const longestBody = 4 << 20

/** A reply, as far as these cases look at it. */
export interface RawReply {
  streamId: number
  type: number
  /** The status; 0 when there is none in the reply. */
  code: number
}

/** A request's body. */
export function requestBody(service: string, method: string, payload: Uint8Array): Buffer {
  const writer = new BinaryWriter()
  writer.uint32(10).string(service).uint32(18).string(method).uint32(26).bytes(payload)
  return Buffer.from(writer.finish())
}

/** A frame: the length of its body, its stream, its type, no flags, the body. */
export function frame(streamId: number, body: Uint8Array): Buffer {
  const header = Buffer.alloc(10)
  header.writeUInt32BE(body.length, 0)
  header.writeUInt32BE(streamId, 4)
  header[8] = 1
  return Buffer.concat([header, body])
}

/** A connection on which frames are written by hand. */
export class RawConnection implements Disposable {
  readonly #socket: Socket
  readonly #chunks: AsyncIterator<Buffer>
  #pending = Buffer.alloc(0)

  constructor(path: string) {
    this.#socket = connect(path)
    this.#socket.on('error', () => {})
    this.#chunks = this.#socket[Symbol.asyncIterator]()
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  /** The next frame. Fails when the peer closes the connection instead. */
  async next(): Promise<RawReply> {
    const header = await this.#take(10)
    const body = await this.#take(header.readUInt32BE(0))
    return { streamId: header.readUInt32BE(4), type: header[8] ?? 0, code: statusOf(body) }
  }

  async #take(length: number): Promise<Buffer> {
    while (this.#pending.length < length) {
      const { value, done } = await this.#chunks.next()
      if (done) throw new Error('the connection was closed')
      this.#pending = Buffer.concat([this.#pending, value])
    }
    const taken = this.#pending.subarray(0, length)
    this.#pending = this.#pending.subarray(length)
    return taken
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}

/** The code within the status, both of which are the first fields of their messages. */
function statusOf(response: Buffer): number {
  const reader = new BinaryReader(response)
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    if (tag !== 10) reader.skip(tag & 7, tag >>> 3)
    else return codeOf(new BinaryReader(reader.bytes()))
  }
  return 0
}

function codeOf(status: BinaryReader): number {
  while (status.pos < status.len) {
    const tag = status.uint32()
    if (tag === 8) return status.int32()
    status.skip(tag & 7, tag >>> 3)
  }
  return 0
}
