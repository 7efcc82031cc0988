// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { type CollectGarbageOptions, type CollectGarbageResult, collectGarbage } from '../gc/collect-garbage.ts'
import type { Store } from '../store/store.ts'
import type { Fault } from './faults/fault.ts'
import { FaultInjector } from './faults/fault-injector.ts'
import { answerMetrics, metricsPath } from './front/annexes.ts'
import { type Assembled, assemble } from './front/assemble.ts'
import { callerFrom } from './front/caller-of.ts'
import { Front } from './front/front.ts'
import { healthPath } from './front/health.ts'
import type { ServingInit } from './front/serving-init.ts'
import { RegistryHandler } from './handler.ts'
import { storeLimitsOf } from './limits/rules.ts'
import { isLoopback, Listener, type TlsInit } from './listening.ts'
import { openRegistryStore, type RegistryStoreInit, startUpkeep, uploadExpiryOf } from './registry-store.ts'

/** Constructor data of a {@link Registry}. @public */
export interface RegistryInit extends Omit<RegistryStoreInit, 'limits'>, ServingInit {
  /** `host:port` to listen on; port 0 takes a free one. Default `127.0.0.1:0`. */
  listen?: string
  /** Certificate and key (PEM). Default: plain HTTP, which is served to this machine only. */
  tls?: TlsInit
  /** Serve plain HTTP to other machines too: there is TLS in front, or nobody else in the network. Default false. */
  allowHttp?: boolean
  /** Accept deletion of tags, manifests and blobs; else 405. Default true. */
  deletes?: boolean
  /**
   * `host:port` to serve `/metrics` and `/debug/health` on, in plain HTTP and to everybody who reaches it. Default: not
   * apart; `/debug/health` is beside the registry, and so is `/metrics` when it was asked for.
   */
  debugListen?: string
  /**
   * What is to go wrong, for tests of clients; never in earnest. The array is looked at with every request, so faults can
   * be added while the registry runs. Default: none.
   */
  faults?: readonly Fault[]
  /** Told of failures that callers see as status 500 and 503 only. */
  onError?: (error: unknown) => void
}

/** What a running registry can be told to use instead. @public */
export interface ReloadOptions {
  /** The text of another htpasswd file. */
  htpasswd?: string
  tls?: TlsInit
}

/** A registry that is listening. @public */
export interface Registry extends AsyncDisposable {
  /** `host:port`, as it goes in front of a repository's name in a reference. */
  readonly address: string
  readonly url: string
  /** What it holds; for {@link checkStore}, {@link storeStats}, {@link importImage} and {@link exportImage}. */
  readonly store: Store
  /**
   * Removes blobs that no manifest points at, while the registry goes on serving; what is younger than a day, or was
   * asked for within it, stays.
   */
  collectGarbage(options?: CollectGarbageOptions): Promise<CollectGarbageResult>
  /** Where metrics and health are served apart, `host:port`; absent without `debugListen`. */
  readonly debugAddress?: string
  /**
   * Takes other users, or another certificate, for requests and connections from now on. Fails with `invalid-argument`,
   * and goes on as before, when one of them is wrong.
   */
  reload(options: ReloadOptions): void
  /**
   * Ends idle connections at once, and after `graceMs` (default 2,000) the others; resolves when all are gone. Called
   * again with 0 it waits no longer.
   */
  close(graceMs?: number): Promise<void>
}

const silenceTimeoutMs = 300_000

/**
 * Starts a registry: the whole OCI distribution API over one storage. Resolves when it accepts connections; fails with
 * `invalid-argument` for settings that cannot be, `failed-precondition` for plain HTTP to other machines that was not
 * allowed, and `unavailable` for an address that cannot be had.
 *
 * Without `auth` it asks nobody who they are: let no strangers reach it.
 *
 * @public
 */
export async function createRegistry(init: RegistryInit = {}): Promise<Registry> {
  const { listen = '127.0.0.1:0', tls, deletes = true, onError = () => {}, limits = {} } = init
  refuseContradictions(init, listen)
  const { limits: _, ...storeInit } = init
  const store = await openRegistryStore({ ...storeInit, limits: storeLimitsOf(limits) })
  try {
    const readOnly = init.readOnly === true || !store.context.storage.capabilities.writable
    const handler = new RegistryHandler({ store, readOnly, deletes })
    const door = assemble(init, {
      serve: (found, exchange) => handler.serve(found, exchange),
      probe: () => store.context.storage.stat('docker'),
      usage: () => usageOf(store),
      heldBy: (repository) => store.context.index.repositories.find(repository)?.bytes,
      address: () => listener.address,
      onError,
    })
    const faults = new FaultInjector(init.faults ?? [])
    const { idleMs = silenceTimeoutMs, connections } = limits
    const listener: Listener = new Listener({
      ...{ tls, idleMs, connections },
      onRequest: (request, response, mayWait) =>
        void faults.handle(request, response, () => void door.front.handle(request, response, mayWait)),
    })
    await listener.listen(listen)
    const debug =
      init.debugListen === undefined ? undefined : await listenForDebugging(init.debugListen, door, listener)
    const upkeep = startUpkeep(store, init, onError)
    const end = async (graceMs: number) => {
      door.front.isClosing = true
      door.health.isClosing = true
      await Promise.all([upkeep.stop(), listener.close(graceMs), debug?.close(graceMs), door.close(graceMs)])
      // Whose caller was cut off still works on the store.
      await handler.settled()
      await store.close()
    }
    let ending: Promise<void> | undefined
    const close = (graceMs = 2_000) => {
      if (ending !== undefined && graceMs === 0) listener.cut()
      ending ??= end(graceMs)
      return ending
    }
    return {
      ...{ address: listener.address, url: listener.url, store, close },
      ...(debug && { debugAddress: debug.address }),
      collectGarbage: (options = {}) => collectGarbage(store, { uploadsOlderThanMs: uploadExpiryOf(init), ...options }),
      reload(options) {
        if (options.htpasswd !== undefined) door.reload(options.htpasswd)
        if (options.tls !== undefined) listener.reload(options.tls)
      },
      [Symbol.asyncDispose]: () => close(),
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Passwords and content would be for everybody in between. */
function refuseContradictions(
  { tls, allowHttp = false, debugListen, proxy, readOnly = false }: RegistryInit,
  listen: string,
): void {
  if (tls === undefined && !allowHttp && !isLoopback(listen)) {
    throw new StackError('failed-precondition', `${listen}: plain http beyond this machine: give tls, or allow http`)
  }
  if (proxy !== undefined && readOnly) {
    throw new StackError('invalid-argument', 'a cache of another registry has to write: not readOnly and proxy')
  }
  if (debugListen === listen && !listen.endsWith(':0')) {
    throw new StackError('invalid-argument', `${listen}: is given twice`)
  }
}

function usageOf({ context }: Store): { blobs: number; bytes: number } {
  const { count, bytes } = context.index.blobs.totals()
  return { blobs: count, bytes }
}

/** A second listener for those who look after the registry. */
async function listenForDebugging(listen: string, { metrics, health }: Assembled, main: Listener): Promise<Listener> {
  const front = new Front({
    serve: async () => {},
    annex(pathname) {
      if (pathname === metricsPath) return { kind: 'metrics', serve: (exchange) => answerMetrics(metrics, exchange) }
      if (pathname === healthPath) return { kind: 'health', serve: (exchange) => health.serve(exchange) }
      return {
        kind: 'none',
        serve: (exchange) => exchange.answer(404, { 'content-type': 'text/plain' }, '404 page not found\n'),
      }
    },
    callerOf: callerFrom([]),
    onRequest: () => {},
    onFlight: () => {},
    onError: () => {},
  })
  const debug = new Listener({
    idleMs: silenceTimeoutMs,
    onRequest: (request, response) => void front.handle(request, response),
  })
  try {
    await debug.listen(listen)
    return debug
  } catch (error) {
    await main.close(0)
    throw error
  }
}
