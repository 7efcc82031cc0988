// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { drained } from '../io/drained.ts'
import type { OutputHub } from '../io/output-hub.ts'
import { DetachFilter } from './detach-keys.ts'
import { OutputWriter } from './output-writer.ts'

/** What a client is attached to, and how. */
export interface AttachTarget {
  readonly hub: OutputHub
  readonly stdout: boolean
  readonly stderr: boolean
  readonly framed: boolean
  /** Given when the client's input goes to the process; settles once that can take it. */
  readonly stdin?: (() => Promise<Socket | undefined>) | undefined
  /**
   * Told when the client's input has ended, or the client has gone. Without it the end of the input ends the
   * attachment, and the process does not learn of it.
   */
  readonly onStdinEnd?: (() => void) | undefined
  /** The sequence that lets the client go, in a terminal. */
  readonly detachKeys?: readonly number[] | undefined
}

/** How an attachment ended. */
export type AttachEnd = 'process-ended' | 'detached' | 'input-ended' | 'client-gone'

/** A client that is attached from the moment this exists; {@link run} does the rest. */
export class Attachment {
  readonly #target: AttachTarget
  readonly #end = Promise.withResolvers<AttachEnd>()
  readonly #early: ['stdout' | 'stderr', Uint8Array][] = []
  readonly #leave: () => void
  #writer: OutputWriter | undefined

  /** Registers with the hub at once, so that output between the request and the reply's head is not lost. */
  constructor(target: AttachTarget) {
    this.#target = target
    this.#leave = target.hub.attach({
      output: (stream, chunk) => {
        if (!target[stream]) return undefined
        if (this.#writer) return this.#writer.write(stream, chunk)
        this.#early.push([stream, chunk])
        return undefined
      },
      ended: () => this.#end.resolve('process-ended'),
    })
  }

  /** Serves the client until the process ends, the client goes, or it detaches. */
  async run(connection: Duplex, signal: AbortSignal): Promise<AttachEnd> {
    const writer = new OutputWriter(connection, this.#target.framed)
    for (const [stream, chunk] of this.#early) writer.write(stream, chunk)
    this.#early.length = 0
    this.#writer = writer
    const gone = () => this.#end.resolve('client-gone')
    signal.addEventListener('abort', gone, { once: true })
    if (signal.aborted) gone()
    if (this.#target.stdin) void this.#forwardInput(connection, this.#target.stdin)
    // Input that nobody wants is read all the same: an unread end would keep the connection open.
    else connection.resume()
    const end = await this.#end.promise
    signal.removeEventListener('abort', gone)
    this.#leave()
    // What the client still sends is nobody's: the process may be another one by then.
    connection.removeAllListeners('data').removeAllListeners('end').resume()
    if (end !== 'process-ended') this.#target.onStdinEnd?.()
    return end
  }

  /** Undoes the registration of a client that is never served. */
  cancel(): void {
    this.#leave()
  }

  async #forwardInput(connection: Duplex, open: () => Promise<Socket | undefined>): Promise<void> {
    const stdin = await Promise.race([open(), this.#end.promise.then(() => undefined)])
    if (!stdin) return void connection.resume()
    const filter = this.#target.detachKeys && new DetachFilter(this.#target.detachKeys)
    connection.on('data', (chunk: Buffer) => {
      const { pass, detached } = filter ? filter.filter(chunk) : { pass: chunk, detached: false }
      if (pass.byteLength > 0 && !stdin.destroyed && !stdin.write(pass)) {
        connection.pause()
        void drained(stdin).then(() => connection.resume())
      }
      if (detached) this.#end.resolve('detached')
    })
    // An empty input may have ended while its request was read.
    if (connection.readableEnded) return this.#inputEnded()
    connection.on('end', () => this.#inputEnded())
    connection.resume()
  }

  /** A process that goes on without the end of its input is of no use to a client that has nothing more to say. */
  #inputEnded(): void {
    if (this.#target.onStdinEnd) this.#target.onStdinEnd()
    else this.#end.resolve('input-ended')
  }
}
