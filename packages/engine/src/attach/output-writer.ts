// SPDX-License-Identifier: Apache-2.0
import type { Writable } from 'node:stream'
import { frameHeaderLength, type StreamName, streamIds } from '@teu/engine-api'
import { drained } from '../io/drained.ts'

/** How much may wait for a client before its process is made to wait, in bytes. */
const highWater = 1 << 20

/** Writes a process's output to one client: in frames, or raw for a terminal. */
export class OutputWriter {
  readonly #target: Writable
  readonly #framed: boolean

  constructor(target: Writable, framed: boolean) {
    this.#target = target
    this.#framed = framed
  }

  /** Hands a chunk on without copying it. The promise, if any, settles when the client has caught up or gone. */
  write(stream: StreamName, chunk: Uint8Array): Promise<void> | undefined {
    const target = this.#target
    if (target.destroyed || target.writableEnded) return undefined
    if (this.#framed) {
      const header = Buffer.alloc(frameHeaderLength)
      header[0] = streamIds[stream]
      header.writeUInt32BE(chunk.byteLength, 4)
      target.cork()
      target.write(header)
      target.write(chunk)
      target.uncork()
    } else target.write(chunk)
    return target.writableLength > highWater ? drained(target) : undefined
  }
}
