// SPDX-License-Identifier: Apache-2.0
import type { Duplex } from 'node:stream'
import { encodeHeader, type Frame, oversizedMessage } from './frame.ts'
import { FrameReader } from './frame-reader.ts'
import { maximumMessageLength } from './limits.ts'

/** What a {@link Connection} reports. @internal */
export interface ConnectionEvents {
  frame(frame: Frame): void
  /** Called once, when nothing more will arrive; with the cause when the peer did not simply end. */
  closed(error: Error | undefined): void
  /** Called when everything that was written has left. */
  drained?(): void
}

/** A byte stream that carries frames both ways. Reading can be held by several parties at once. @internal */
export class Connection {
  readonly #stream: Duplex
  readonly #events: ConnectionEvents
  readonly #reader = new FrameReader()
  #holds = 0
  #closed = false

  constructor(stream: Duplex, events: ConnectionEvents) {
    this.#stream = stream
    this.#events = events
    stream.on('data', (chunk: Buffer) => this.#reader.push(chunk, (frame) => this.#closed || events.frame(frame)))
    stream.on('drain', () => events.drained?.())
    stream.on('error', (error) => this.#close(error))
    stream.on('end', () => this.#close(this.#reader.atBoundary ? undefined : new Error('the peer left within a frame')))
    stream.on('close', () => this.#close(undefined))
  }

  /** Bytes that are written but have not left yet. */
  get unsentBytes(): number {
    return this.#stream.writableLength
  }

  /** Sends one frame. Throws `resource-exhausted` when the body is too long; is silent after the peer has gone. */
  send(streamId: number, type: number, flags: number, body: Uint8Array): void {
    if (body.length > maximumMessageLength) throw oversizedMessage(body.length)
    if (this.#closed) return
    const header = encodeHeader({ length: body.length, streamId, type, flags })
    if (body.length === 0) {
      this.#stream.write(header)
    } else if (body.length < 16_384) {
      this.#stream.write(Buffer.concat([header, body]))
    } else {
      this.#stream.cork()
      this.#stream.write(header)
      this.#stream.write(body)
      this.#stream.uncork()
    }
  }

  /** Stops reading until as many {@link release} calls have followed. */
  hold(): void {
    if (this.#holds++ === 0) this.#stream.pause()
  }

  /** Undoes one {@link hold}. */
  release(): void {
    if (--this.#holds === 0) this.#stream.resume()
  }

  /** Ends the connection at once; what is unsent is lost. */
  destroy(): void {
    this.#stream.destroy()
    this.#close(undefined)
  }

  #close(error: Error | undefined): void {
    if (this.#closed) return
    this.#closed = true
    this.#stream.destroy()
    this.#events.closed(error)
  }
}
