// SPDX-License-Identifier: Apache-2.0
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { StackError } from '@teu/errors'
import { type CollectGarbageOptions, type CollectGarbageResult, collectGarbage } from '../gc/collect-garbage.ts'
import type { Store } from '../store/store.ts'
import { callerFrom } from './front/caller-of.ts'
import { Front } from './front/front.ts'
import { RegistryHandler } from './handler.ts'
import { openRegistryStore, type RegistryStoreInit, startUpkeep } from './registry-store.ts'

/** Constructor data of a {@link Registry}. @public */
export interface RegistryInit extends RegistryStoreInit {
  /** `host:port` to listen on; port 0 takes a free one. Default `127.0.0.1:0`. */
  listen?: string
  /** Certificate and key (PEM). Default: plain HTTP. */
  tls?: { cert: string | Uint8Array; key: string | Uint8Array }
  /** Accept deletion of tags, manifests and blobs; else 405. Default true. */
  deletes?: boolean
  /** Told of failures that callers see as status 500 and 503 only. */
  onError?: (error: unknown) => void
}

/** A registry that is listening. @public */
export interface Registry extends AsyncDisposable {
  /** `host:port`, as it goes in front of a repository's name in a reference. */
  readonly address: string
  readonly url: string
  /** What it holds; for {@link checkStore}, {@link storeStats}, {@link importLayout} and {@link exportLayout}. */
  readonly store: Store
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

/**
 * Starts a registry: the whole OCI distribution API over one storage. Resolves when it accepts connections; fails with
 * `invalid-argument` for an address that is none and `unavailable` for one that cannot be had.
 *
 * It asks nobody who they are: put a proxy that does in front of one that strangers can reach.
 *
 * @public
 */
export async function createRegistry(init: RegistryInit = {}): Promise<Registry> {
  const { listen = '127.0.0.1:0', tls, deletes = true, onError = () => {} } = init
  const store = await openRegistryStore(init)
  const readOnly = init.readOnly === true || !store.context.storage.capabilities.writable
  const handler = new RegistryHandler({ store, readOnly, deletes })
  const front = new Front({
    serve: (found, exchange) => handler.serve(found, exchange),
    annex: () => undefined,
    callerOf: callerFrom([]),
    onRequest: () => {},
    onFlight: () => {},
    onError,
  })
  const server = serverOf(front, tls)
  const address = await listenOn(server, listen).catch(async (error) => {
    await store.close()
    throw error
  })
  const upkeep = startUpkeep(store, init, onError)
  const close = once(async (graceMs = 2_000) => {
    await Promise.all([upkeep.stop(), closeServer(server, graceMs)])
    // Whose caller was cut off still works on the store.
    await handler.settled()
    await store.close()
  })
  return {
    address,
    url: `${tls === undefined ? 'http' : 'https'}://${address}`,
    store,
    collectGarbage: (options = {}) => collectGarbage(store, options),
    close,
    [Symbol.asyncDispose]: () => close(),
  }
}

/** A function that acts the first time, and answers the same afterwards. */
function once(work: (graceMs?: number) => Promise<void>): (graceMs?: number) => Promise<void> {
  let done: Promise<void> | undefined
  return (graceMs) => {
    done ??= work(graceMs)
    return done
  }
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
