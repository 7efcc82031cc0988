// SPDX-License-Identifier: Apache-2.0
import type { Duplex } from 'node:stream'
import { encodeRecord, protocolConstants, RecordReader, type SyncRecord, syncLayouts } from '@teu/linux'

/**
 * The runtime's end of the conversation with `teu-init`:
 *
 * ```text
 *   runtime                          stage 0                     final init
 *     | -- launch program ----------->|
 *     | <-- map-ids {pid} ------------|  (only with a new user namespace)
 *     | -- go ----------------------->|
 *     | <-- pid {pid} ----------------|--- clone ------------------->|
 *     | -- go (it is in its cgroup; unless it got there by itself) ->|
 *     | <-- hooks (only with prestart or createRuntime hooks) -------|
 *     | -- go ------------------------------------------------------>|
 *     | <-- ready ---------------------------------------------------|  then it waits for start
 *     | <-- end of the channel: the program is being executed -------|
 * ```
 *
 * At any point init may send `failure` and end. The end of the channel before `ready` means that it was killed; an end
 * seen by init means that the runtime gave up, and it ends too.
 *
 * @internal
 */
export class SyncChannel {
  readonly #stream: Duplex
  readonly #reader = new RecordReader(syncLayouts, protocolConstants.maxMessageBytes)
  readonly #iterator: AsyncIterator<Uint8Array>
  readonly #records: SyncRecord[] = []

  constructor(stream: Duplex) {
    this.#stream = stream
    // A write to an init that is gone shows as the end of the channel, or as the failure it sent before.
    stream.on('error', () => {})
    this.#iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  }

  /** The next message; undefined at the end of the channel. */
  async next(): Promise<SyncRecord | undefined> {
    while (this.#records.length === 0) {
      const chunk = await this.#read()
      if (chunk === undefined) return undefined
      this.#records.push(...this.#reader.push(chunk))
    }
    return this.#records.shift()
  }

  /** Sends the launch program. */
  send(program: Uint8Array): void {
    this.#stream.write(program)
  }

  /** Lets init go on. */
  go(): void {
    this.#stream.write(encodeRecord(syncLayouts, { kind: 'go' }))
  }

  /** Keeps the channel open without keeping this process alive for it. */
  unref(): void {
    const { unref } = this.#stream as Duplex & { unref?: () => void }
    unref?.call(this.#stream)
  }

  /** Lets the process stay alive for the channel again. */
  ref(): void {
    const { ref } = this.#stream as Duplex & { ref?: () => void }
    ref?.call(this.#stream)
  }

  /** Ends the conversation. An init that still waits for an answer ends. */
  close(): void {
    this.#stream.destroy()
  }

  async #read(): Promise<Uint8Array | undefined> {
    try {
      const { value, done } = await this.#iterator.next()
      return done ? undefined : value
    } catch {
      return undefined
    }
  }
}
