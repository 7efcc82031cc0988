// SPDX-License-Identifier: Apache-2.0
import { createConnection, type Socket } from 'node:net'
import { StackError } from '@teu/errors'
import { type DbusMessage, decodeMessage, encodeMessage, messageLength, messageTypes } from './message.ts'
import type { DbusValue } from './signature.ts'

/** What to call. @internal */
export interface DbusCall {
  destination: string
  path: string
  interface: string
  member: string
  signature?: string
  body?: readonly DbusValue[]
}

/** An error that the called object has answered with. @internal */
export class DbusError extends StackError {
  /** Such as `org.freedesktop.systemd1.UnitExists`. */
  readonly errorName: string

  constructor(errorName: string, message: string) {
    super('internal', message)
    this.errorName = errorName
  }
}

const callTimeoutMs = 30_000

/** A connection to a message bus, or to a single peer that speaks as one. Closing it rejects what is not answered. @internal */
export class DbusConnection implements Disposable {
  readonly #socket: Socket
  readonly #pending = new Map<number, { resolve: (message: DbusMessage) => void; reject: (error: unknown) => void }>()
  readonly #signals = new Set<(message: DbusMessage) => void>()
  #received = Buffer.alloc(0)
  #serial = 0
  #failure: unknown

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.resume()
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new StackError('unavailable', 'the D-Bus connection was closed')))
  }

  /**
   * Connects and authenticates as this process's user (EXTERNAL). `path` is a socket, `\0name` an abstract one; `hello`
   * is left out with a peer that is no bus.
   */
  static async open(path: string, { hello }: { hello: boolean }): Promise<DbusConnection> {
    const socket = createConnection(path)
    try {
      await authenticate(socket)
    } catch (error) {
      socket.destroy()
      throw error
    }
    const connection = new DbusConnection(socket)
    const bus = 'org.freedesktop.DBus'
    if (hello)
      await connection.call({ destination: bus, path: '/org/freedesktop/DBus', interface: bus, member: 'Hello' })
    return connection
  }

  /** Calls a method; resolves with what it returns. Rejects with {@link DbusError}, or after 30 s. */
  async call(call: DbusCall, signal?: AbortSignal): Promise<readonly DbusValue[]> {
    if (this.#failure !== undefined) throw this.#failure
    const serial = ++this.#serial
    const timeout = AbortSignal.timeout(callTimeoutMs)
    const stop = signal ? AbortSignal.any([signal, timeout]) : timeout
    const reply = new Promise<DbusMessage>((resolve, reject) => {
      this.#pending.set(serial, { resolve, reject })
      stop.addEventListener('abort', () => reject(stop.reason), { once: true })
    })
    const { signature = '', body = [], ...address } = call
    this.#socket.write(encodeMessage({ type: messageTypes.call, serial, ...address, signature, body }))
    try {
      return (await reply).body
    } finally {
      this.#pending.delete(serial)
    }
  }

  /** Calls `listener` at every signal until the result is disposed. */
  onSignal(listener: (message: DbusMessage) => void): Disposable {
    this.#signals.add(listener)
    return { [Symbol.dispose]: () => void this.#signals.delete(listener) }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    try {
      for (;;) {
        const length = messageLength(this.#received)
        if (length === undefined || length > this.#received.length) return
        this.#dispatch(decodeMessage(this.#received.subarray(0, length)))
        this.#received = this.#received.subarray(length)
      }
    } catch (error) {
      this.#fail(error)
      this.#socket.destroy()
    }
  }

  #dispatch(message: DbusMessage): void {
    if (message.type === messageTypes.signal) for (const listener of this.#signals) listener(message)
    const waiting = this.#pending.get(message.replySerial ?? 0)
    if (message.type === messageTypes.reply) waiting?.resolve(message)
    if (message.type !== messageTypes.error) return
    const { errorName = 'org.freedesktop.DBus.Error.Failed', body } = message
    waiting?.reject(new DbusError(errorName, typeof body[0] === 'string' ? body[0] : errorName))
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    for (const { reject } of this.#pending.values()) reject(this.#failure)
    this.#pending.clear()
  }
}

const maxLine = 1024

/** The exchange of lines before the first message (D-Bus specification, "Authentication Protocol"). */
async function authenticate(socket: Socket): Promise<void> {
  const uid = Buffer.from(String(process.geteuid?.() ?? 0)).toString('hex')
  socket.write(`\0AUTH EXTERNAL ${uid}\r\n`)
  const line = await readLine(socket)
  if (!line.startsWith('OK ')) throw new StackError('unauthenticated', `the D-Bus server answers ${line}`)
  socket.write('BEGIN\r\n')
}

function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const fail = (error: Error) => finish(() => reject(error))
    const hangUp = () => fail(new StackError('unavailable', 'the D-Bus server hung up'))
    const read = (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (text.endsWith('\r\n')) finish(() => resolve(text.trimEnd()))
      else if (text.length > maxLine) fail(new StackError('unavailable', 'no D-Bus server'))
    }
    const timer = setTimeout(() => fail(new StackError('deadline-exceeded', 'D-Bus is silent')), callTimeoutMs)
    const finish = (settle: () => void) => {
      clearTimeout(timer)
      socket.off('data', read).off('error', fail).off('close', hangUp)
      // Nothing may be lost before there is another listener.
      socket.pause()
      settle()
    }
    socket.on('data', read).on('error', fail).on('close', hangUp)
  })
}
