// SPDX-License-Identifier: Apache-2.0
import { chmod } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { StackError } from '@teu/errors'
import { socketPathOf } from './client.ts'
import { maximumConcurrentCalls } from './limits.ts'
import { ServerConnection } from './server-connection.ts'
import type { MethodDefinition, Service, ServiceDefinition } from './service.ts'

/** What a server is made of. @public */
export interface TtrpcServerInit {
  /** Calls that one connection may have in flight; further ones get `resource-exhausted`. Default 16384. */
  maximumConcurrentCalls?: number | undefined
  /** Decides whether a new connection is served; a false answer or a rejection closes it. Default: every one is. */
  accept?: ((stream: Duplex) => boolean | Promise<boolean>) | undefined
}

/** A ttrpc server: any number of services on any number of connections. @public */
export interface TtrpcServer {
  /**
   * Serves `implementation` under the definition's full name. A handler's `signal` aborts when the caller's timeout
   * has passed or its connection has ended; what it throws travels as the status of its error code. Throws
   * `already-exists` when the name is taken.
   */
  add<D extends ServiceDefinition>(definition: D, implementation: Service<D>): void
  /** Serves one connected byte stream, whatever its kind. */
  serve(stream: Duplex): void
  /**
   * Listens on a path socket (`unix:///run/x.sock`, a bare path, or an inherited descriptor) with mode 0600.
   * Resolves when clients can connect. Rejects with the system's error, as EADDRINUSE, when it cannot be bound.
   */
  listen(target: string | { fd: number }): Promise<void>
  /** How many connections are open. */
  readonly connections: number
  /** Stops listening, waits up to `graceMs` (default 0) for calls in flight, then ends every connection. */
  close(options?: { graceMs?: number | undefined }): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** One method with the function that serves it. @internal */
export interface ServedMethod {
  readonly definition: MethodDefinition
  handle(request: unknown, options: unknown): unknown
}

/** A server without services or listeners. @public */
export function createTtrpcServer(init: TtrpcServerInit = {}): TtrpcServer {
  return new ServerImplementation(init)
}

class ServerImplementation implements TtrpcServer {
  readonly #init: TtrpcServerInit
  readonly #services = new Map<string, Map<string, ServedMethod>>()
  readonly #connections = new Set<ServerConnection>()
  readonly #listeners = new Set<Server>()
  #closed = false

  constructor(init: TtrpcServerInit) {
    this.#init = init
  }

  get connections(): number {
    return this.#connections.size
  }

  add<D extends ServiceDefinition>(definition: D, implementation: Service<D>): void {
    if (this.#services.has(definition.fullName)) {
      throw new StackError('already-exists', `service ${definition.fullName} is served already`)
    }
    const methods = new Map<string, ServedMethod>()
    for (const [key, method] of Object.entries(definition.methods)) {
      const handler = implementation[key] as ServedMethod['handle']
      methods.set(method.name, { definition: method, handle: handler.bind(implementation) })
    }
    this.#services.set(definition.fullName, methods)
  }

  serve(stream: Duplex): void {
    if (this.#closed) {
      stream.destroy()
      return
    }
    const connection = new ServerConnection(stream, {
      services: this.#services,
      maximumConcurrentCalls: this.#init.maximumConcurrentCalls ?? maximumConcurrentCalls,
      closed: () => this.#connections.delete(connection),
    })
    this.#connections.add(connection)
  }

  async listen(target: string | { fd: number }): Promise<void> {
    const listener = createServer((socket) => void this.#admit(socket))
    const options = typeof target === 'string' ? { path: socketPathOf(target) } : target
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    listener.once('error', reject)
    // A bound socket takes its mode from the umask; this closes the moment between bind and chmod.
    const umask = process.umask(0o177)
    listener.listen(options, resolve)
    process.umask(umask)
    await promise
    listener.off('error', reject)
    // An accept that fails for want of descriptors must not take the server down: the next one may work.
    listener.on('error', () => {})
    if (typeof target === 'string') await chmod(socketPathOf(target), 0o600)
    this.#listeners.add(listener)
  }

  async close({ graceMs = 0 }: { graceMs?: number | undefined } = {}): Promise<void> {
    this.#closed = true
    const ended = [...this.#listeners].map((listener) => new Promise((resolve) => listener.close(resolve)))
    this.#listeners.clear()
    if (graceMs > 0) {
      const idle = Promise.all([...this.#connections].map((connection) => connection.idle()))
      let timer: NodeJS.Timeout | undefined
      await Promise.race([idle, new Promise((resolve) => (timer = setTimeout(resolve, graceMs)))])
      clearTimeout(timer)
    }
    for (const connection of this.#connections) connection.destroy()
    await Promise.all(ended)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #admit(stream: Duplex): Promise<void> {
    stream.on('error', () => {})
    try {
      if (this.#init.accept === undefined || (await this.#init.accept(stream))) this.serve(stream)
      else stream.destroy()
    } catch {
      stream.destroy()
    }
  }
}
