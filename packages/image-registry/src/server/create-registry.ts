// SPDX-License-Identifier: Apache-2.0
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { StackError } from '@teu/errors'
import type { StorageDriver } from '../storage/driver.ts'
import { filesystemStorage } from '../storage/filesystem.ts'
import { memoryStorage } from '../storage/memory.ts'
import { callerFrom } from './front/caller-of.ts'
import { Front } from './front/front.ts'
import type { CollectGarbageOptions, CollectGarbageResult } from './garbage.ts'
import { RegistryHandler } from './handler.ts'

/** Constructor data of a {@link Registry}. @public */
export interface RegistryInit {
  /** A storage, or the path of a directory to keep it in. Default: this process's memory. */
  storage?: StorageDriver | string
  /** `host:port` to listen on; port 0 takes a free one. Default `127.0.0.1:0`. */
  listen?: string
  /** Certificate and key (PEM). Default: plain HTTP. */
  tls?: { cert: string | Uint8Array; key: string | Uint8Array }
  /** Refuse everything that writes, with 405. Default false. */
  readOnly?: boolean
  /** Accept deletion of tags, manifests and blobs; else 405. Default true. */
  deletes?: boolean
  /** Collect garbage once a day, see {@link Registry.collectGarbage}. Default false. */
  autoCollect?: boolean
  /** Told of failures that callers see as status 500 and 503 only. */
  onError?: (error: unknown) => void
}

/** A registry that is listening. @public */
export interface Registry extends AsyncDisposable {
  /** `host:port`, as it goes in front of a repository's name in a reference. */
  readonly address: string
  readonly url: string
  /**
   * Removes blobs that no manifest points at, while the registry goes on serving; what is younger than a day, or was
   * asked for within it, stays.
   */
  collectGarbage(options?: CollectGarbageOptions): Promise<CollectGarbageResult>
  /** Ends idle connections at once, and after `graceMs` (default 2,000) the others; resolves when all are gone. */
  close(graceMs?: number): Promise<void>
}

/** A connection on which nothing moves for so long is closed; an upload can be taken up again. */
const silenceTimeoutMs = 300_000
const choreIntervalMs = 24 * 3600 * 1000

/**
 * Starts a registry: the whole OCI distribution API over one storage. Resolves when it accepts connections; fails with
 * `invalid-argument` for an address that is none and `unavailable` for one that cannot be had.
 *
 * It asks nobody who they are: put a proxy that does in front of one that strangers can reach.
 *
 * @public
 */
export async function createRegistry(init: RegistryInit = {}): Promise<Registry> {
  const { storage = memoryStorage(), listen = '127.0.0.1:0', tls, readOnly = false, deletes = true } = init
  const { autoCollect = false, onError = () => {} } = init
  const driver = typeof storage === 'string' ? filesystemStorage(storage) : storage
  const handler = new RegistryHandler({ storage: driver, readOnly, deletes })
  const front = new Front({
    serve: (found, exchange) => handler.serve(found, exchange),
    annex: () => undefined,
    callerOf: callerFrom([]),
    onRequest: () => {},
    onFlight: () => {},
    onError,
  })
  const server = serverOf(front, tls)
  const address = await listenOn(server, listen)
  const chores = async () => {
    if (!readOnly) await handler.sweep()
    if (!readOnly && autoCollect) await handler.collectGarbage({})
  }
  const timer = setInterval(() => void chores().catch(onError), choreIntervalMs).unref()
  chores().catch(onError)
  const close = async (graceMs = 2_000) => {
    clearInterval(timer)
    await closeServer(server, graceMs)
  }
  const url = `${tls === undefined ? 'http' : 'https'}://${address}`
  const collectGarbage = (options: CollectGarbageOptions = {}) => handler.collectGarbage(options)
  return { address, url, collectGarbage, close, [Symbol.asyncDispose]: close }
}

function serverOf(front: Front, tls: RegistryInit['tls']): Server {
  // Without a limit on the whole request: an upload may take hours. Headers and idle connections keep theirs.
  const options = { requestTimeout: 0, headersTimeout: 60_000, keepAliveTimeout: 65_000, maxHeaderSize: 64 * 1024 }
  const listener = (request: IncomingMessage, response: ServerResponse) => void front.handle(request, response)
  const server =
    tls === undefined
      ? createHttpServer(options, listener)
      : createHttpsServer({ ...options, cert: Buffer.from(tls.cert), key: Buffer.from(tls.key) }, listener)
  server.on('checkContinue', (request, response) => void front.handle(request, response, true))
  return server.setTimeout(silenceTimeoutMs)
}

function listenOn(server: Server, listen: string): Promise<string> {
  const match = /^(\[[0-9a-fA-F:]+\]|[^:[\]]*):(\d{1,5})$/.exec(listen)
  if (match === null)
    throw new StackError('invalid-argument', `cannot listen on ${JSON.stringify(listen)}: want host:port`)
  const host = (match[1] as string).replace(/^\[|\]$/g, '')
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new StackError('unavailable', `cannot listen on ${listen}: ${error.message}`, { cause: error }))
    })
    server.listen({ port: Number(match[2]), ...(host === '' ? {} : { host }) }, () => {
      const bound = server.address()
      const port = typeof bound === 'object' && bound !== null ? bound.port : 0
      resolve(`${match[1] || '127.0.0.1'}:${port}`)
    })
  })
}

function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) return resolve()
    const timer = setTimeout(() => server.closeAllConnections(), graceMs)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })
}
