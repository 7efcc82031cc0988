// SPDX-License-Identifier: Apache-2.0
import { catalogPath } from '@teu/oci-spec/distribution'
import type { Digest } from '@teu/oci-spec/image'
import type { Store } from '../store/store.ts'
import { Blobs } from './blobs.ts'
import type { Exchange } from './exchange.ts'
import { Failure } from './failure.ts'
import { Manifests } from './manifests.ts'
import { pageOf, pageRequestOf } from './pages.ts'
import { answerReferrers } from './referrers.ts'
import type { Route } from './router.ts'
import { Uploads } from './uploads.ts'

/** What a handler may do. @internal */
export interface HandlerInit {
  store: Store
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
  readonly #manifests: Manifests
  readonly #serving = new Set<Promise<void>>()

  constructor(init: HandlerInit) {
    const { store } = init
    this.#init = init
    this.#blobs = new Blobs(store.blobs)
    this.#uploads = new Uploads(store.uploads, store.blobs)
    this.#manifests = new Manifests(store)
  }

  /** Answers one request; what it refuses it throws. */
  async serve(found: Route, exchange: Exchange): Promise<void> {
    const serving = this.#serve(found, exchange)
    this.#serving.add(serving)
    try {
      await serving
    } finally {
      this.#serving.delete(serving)
    }
  }

  /** Resolves when none of the requests so far is being answered any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#serving)
  }

  async #serve(found: Route, exchange: Exchange): Promise<void> {
    const methods = this.#methods(found, exchange)
    const act = methods[exchange.method === 'HEAD' ? 'GET' : exchange.method]
    if (act === undefined || this.#isOff(found, exchange.method)) {
      const allow = Object.keys(methods).filter((method) => !this.#isOff(found, method))
      throw new Failure('UNSUPPORTED', this.#whyOff(found, exchange.method), { headers: { allow: allow.join(', ') } })
    }
    await act()
  }

  #isOff(found: Route, method: string): boolean {
    if (method === 'GET' || method === 'HEAD') return false
    const { readOnly, deletes } = this.#init
    return readOnly || (method === 'DELETE' && !deletes && found.kind !== 'upload')
  }

  #whyOff(found: Route, method: string): string | undefined {
    if (!this.#isOff(found, method)) return undefined
    return this.#init.readOnly ? 'the registry is read-only' : 'deletion is turned off'
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
        return { GET: () => this.#referrers(found.name, found.digest, exchange) }
    }
  }

  #referrers(name: string, subject: Digest, exchange: Exchange): Promise<void> {
    const { manifests } = this.#init.store
    return answerReferrers(name, subject, (page) => manifests.referrers(name, subject, page), exchange)
  }

  async #catalog(exchange: Exchange): Promise<void> {
    const page = pageRequestOf(exchange.query, 'catalog')
    const found = await this.#init.store.manifests.catalog(page.last, page.limit + 1)
    const { names, link } = pageOf(found, page, exchange.query, catalogPath)
    const headers = { 'content-type': 'application/json', ...(link && { link }) }
    exchange.answer(200, headers, JSON.stringify({ repositories: names }))
  }
}
