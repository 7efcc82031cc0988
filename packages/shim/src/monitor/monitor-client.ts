// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net'
import { messageOf, StackError } from '@teu/errors'
import {
  encodeRecord,
  type MonitorCommandRecord,
  type MonitorEventRecord,
  monitorCommandLayouts,
  monitorEventLayouts,
  protocolConstants,
  RecordReader,
} from '@teu/linux'

/** How a process ended. @internal */
export interface ProcessEnd {
  /** The exit status, or 128 + the signal that killed it. */
  readonly status: number
  /** Nanoseconds since 1970. */
  readonly nanoseconds: bigint
}

/**
 * The connection to one monitor. Its promises settle as the monitor tells of its process; when the connection ends
 * first they reject with `unavailable`, and the exit file has the rest.
 *
 * @internal
 */
export class MonitorClient {
  /** The pid of the process; rejects with `unknown` when it could not be made. */
  readonly started: Promise<number>
  readonly exited: Promise<ProcessEnd>
  readonly #socket: Socket
  readonly #reader = new RecordReader<MonitorEventRecord>(monitorEventLayouts, 4096)
  readonly #hello = Promise.withResolvers<void>()
  readonly #started = Promise.withResolvers<number>()
  readonly #exited = Promise.withResolvers<ProcessEnd>()
  readonly #left = Promise.withResolvers<void>()
  #closed = false
  #notReady: StackError | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    this.started = this.#started.promise
    this.exited = this.#exited.promise
    for (const promise of [this.#hello.promise, this.started, this.exited]) promise.catch(() => {})
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', () => {})
    socket.on('close', () => this.#end(new StackError('unavailable', 'the monitor has left')))
    socket.on('end', () => socket.destroy())
  }

  /** Sets the size of the terminal; remembered when there is none yet. */
  resize(columns: number, rows: number): void {
    this.#send({ kind: 'resize', columns, rows })
  }

  /** Lets the process's input end once its other writers have gone. */
  closeInput(): void {
    this.#send({ kind: 'close-input' })
  }

  /** Signals the process if it has not ended; it cannot hit another one. */
  signal(number: number): void {
    this.#send({ kind: 'signal', number })
  }

  /** Tells the monitor to leave once its process has ended, whether its output was read or not. */
  quit(): void {
    this.#send({ kind: 'quit' })
  }

  /** Resolves when the monitor has left, or was left. */
  get left(): Promise<void> {
    return this.#left.promise
  }

  /** Why the monitor could not begin, known once it has left: its streams, its logging program. */
  get notReady(): StackError | undefined {
    return this.#notReady
  }

  /** Leaves the monitor to itself. */
  disconnect(): void {
    this.#socket.destroy()
  }

  #send(command: MonitorCommandRecord): void {
    // Before its greeting a monitor may still be reading its configuration from the same descriptor.
    this.#hello.promise.then(
      () => this.#closed || this.#socket.write(encodeRecord(monitorCommandLayouts, command)),
      () => {},
    )
  }

  #receive(chunk: Buffer): void {
    try {
      for (const event of this.#reader.push(chunk)) this.#take(event)
    } catch (error) {
      this.#end(new StackError('internal', `the monitor sent nonsense: ${messageOf(error)}`, { cause: error }))
      this.#socket.destroy()
    }
  }

  #take(event: MonitorEventRecord): void {
    switch (event.kind) {
      case 'hello':
        this.#hello.resolve()
        break
      case 'started':
        this.#started.resolve(event.pid)
        break
      case 'failed':
        this.#fail(event.status, event.text)
        break
      case 'exited':
        this.#exited.resolve({ status: event.status, nanoseconds: event.nanoseconds })
        break
      case 'drained':
        break
    }
  }

  /** Statuses of processes are below this one, which says that the monitor itself could not begin. */
  #fail(status: number, text: string): void {
    if (status !== protocolConstants.monitorNotReady) {
      return this.#started.reject(new StackError('unknown', `${text} (status ${status})`))
    }
    this.#notReady = new StackError('unknown', text)
    this.#started.reject(this.#notReady)
  }

  #end(error: StackError): void {
    this.#closed = true
    this.#left.resolve()
    this.#hello.reject(error)
    this.#started.reject(error)
    this.#exited.reject(error)
  }
}
