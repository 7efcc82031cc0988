// SPDX-License-Identifier: Apache-2.0
import { catalogPath } from '@teu/oci-spec/distribution'
import type { StorageDriver } from '../storage/driver.ts'
import { listRepositories } from '../storage/links.ts'
import { Blobs } from './blobs.ts'
import type { Exchange } from './exchange.ts'
import { Failure } from './failure.ts'
import { type CollectGarbageOptions, type CollectGarbageResult, collectGarbage } from './garbage.ts'
import { Manifests } from './manifests.ts'
import { pageOf } from './pages.ts'
import { Referrers } from './referrers.ts'
import type { Route } from './router.ts'
import { Uploads } from './uploads.ts'

/** What a handler may do. @internal */
export interface HandlerInit {
  storage: StorageDriver
  /** Refuse all that writes, with 405. */
  readOnly: boolean
  /** Accept deletion of tags, manifests and blobs. */
  deletes: boolean
}

type Methods = Partial<Record<string, () => Promise<void> | void>>

/** Answers requests of the distribution protocol from a storage; knows nothing of sockets. @internal */
export class RegistryHandler {
  readonly #init: HandlerInit
  readonly #blobs: Blobs
  readonly #uploads: Uploads
  readonly #referrers: Referrers
  readonly #manifests: Manifests

  constructor(init: HandlerInit) {
    const { storage } = init
    this.#init = init
    this.#blobs = new Blobs(storage)
    this.#uploads = new Uploads(storage, this.#blobs)
    this.#referrers = new Referrers(storage)
    this.#manifests = new Manifests(storage, this.#blobs, this.#referrers)
  }

  /** Answers one request; what it refuses it throws. */
  async serve(found: Route, exchange: Exchange): Promise<void> {
    const methods = this.#methods(found, exchange)
    const act = methods[exchange.method === 'HEAD' ? 'GET' : exchange.method]
    if (act === undefined || this.#isOff(found, exchange.method)) {
      const allow = Object.keys(methods).filter((method) => !this.#isOff(found, method))
      throw new Failure('UNSUPPORTED', undefined, { headers: { allow: allow.join(', ') } })
    }
    await act()
  }

  /** Removes uploads that were abandoned. */
  sweep(): Promise<void> {
    return this.#uploads.sweep(Date.now())
  }

  /** Removes what nothing refers to. */
  collectGarbage(options: CollectGarbageOptions): Promise<CollectGarbageResult> {
    return collectGarbage(this.#init.storage, this.#blobs, options)
  }

  #isOff(found: Route, method: string): boolean {
    if (method === 'GET' || method === 'HEAD') return false
    const { readOnly, deletes } = this.#init
    return readOnly || (method === 'DELETE' && !deletes && found.kind !== 'upload')
  }

  #methods(found: Route, exchange: Exchange): Methods {
    switch (found.kind) {
      case 'base':
        return { GET: () => exchange.answer(200, { 'content-type': 'application/json' }, '{}') }
      case 'catalog':
        return { GET: () => this.#catalog(exchange) }
      case 'tags':
        return { GET: () => this.#manifests.listTags(found.name, exchange) }
      case 'manifest':
        return {
          GET: () => this.#manifests.get(found.name, found.reference, exchange),
          PUT: () => this.#manifests.put(found.name, found.reference, exchange),
          DELETE: () => this.#manifests.remove(found.name, found.reference, exchange),
        }
      case 'blob':
        return {
          GET: () => this.#blobs.get(found.name, found.digest, exchange),
          DELETE: () => this.#blobs.remove(found.name, found.digest, exchange),
        }
      case 'uploads':
        return { POST: () => this.#uploads.begin(found.name, exchange) }
      case 'upload':
        return {
          GET: () => this.#uploads.status(found.name, found.id, exchange),
          PATCH: () => this.#uploads.patch(found.name, found.id, exchange),
          PUT: () => this.#uploads.finish(found.name, found.id, exchange),
          DELETE: () => this.#uploads.cancel(found.name, found.id, exchange),
        }
      case 'referrers':
        return { GET: () => this.#referrers.list(found.name, found.digest, exchange) }
    }
  }

  async #catalog(exchange: Exchange): Promise<void> {
    const all = await listRepositories(this.#init.storage, '_manifests')
    const { names, link } = pageOf(all, exchange.query, catalogPath)
    const headers = { 'content-type': 'application/json', ...(link && { link }) }
    exchange.answer(200, headers, JSON.stringify({ repositories: names }))
  }
}
