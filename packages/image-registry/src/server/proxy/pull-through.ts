// SPDX-License-Identifier: Apache-2.0
import { hasCode } from '@teu/errors'
import { tagsPath } from '@teu/oci-spec/distribution'
import type { Digest } from '@teu/oci-spec/image'
import { takePage } from '../../references/referrer-page.ts'
import { checkGlob, matchesGlob } from '../auth/glob.ts'
import type { Exchange } from '../exchange.ts'
import { Failure } from '../failure.ts'
import type { Serve } from '../front/front.ts'
import { formatWarning } from '../limits/rules.ts'
import { Counter, Gauge } from '../metrics/exposition.ts'
import { pageOf, pageRequestOf } from '../pages.ts'
import { answerReferrers } from '../referrers.ts'
import type { Route } from '../router.ts'
import { BlobCache } from './blob-cache.ts'
import type { CacheContext } from './cache-context.ts'
import { ManifestCache } from './manifest-cache.ts'
import type { ProxyInit } from './proxy-init.ts'
import { isOutage, upstreamFailure } from './refusal.ts'
import { Upstream } from './upstream.ts'

/** Collaborators of a {@link PullThrough}. @internal */
export interface PullThroughComponents {
  next: Serve
  onError: (error: unknown) => void
}

/**
 * Stands before a registry and makes it a cache of another one: what is asked for and not here is fetched, verified, and
 * kept. Callers cannot push; what they may delete is what is kept here.
 *
 * @internal
 */
export class PullThrough {
  readonly requests = new Counter(
    'teu_registry_proxy_requests_total',
    'Content that was asked for, by where it came from.',
  )
  readonly quota = new Gauge(
    'teu_registry_proxy_quota_remaining',
    'What the other registry still allows, as far as it says so.',
    () => this.#context.upstream.quota?.remaining,
  )
  readonly #context: CacheContext
  readonly #blobs: BlobCache
  readonly #manifests: ManifestCache
  readonly #ended = new AbortController()
  readonly #logsIn: boolean

  constructor(init: ProxyInit, { next, onError }: PullThroughComponents) {
    const patterns = (init.repositories ?? ['**']).map((pattern) => checkGlob(pattern, 'proxy repositories'))
    this.#context = {
      ...{ next, onError, upstream: new Upstream(init), signal: this.#ended.signal },
      mayFetch: (repository) => patterns.some((pattern) => matchesGlob(pattern, repository)),
      count: (kind, outcome) => this.requests.add({ kind, outcome }),
    }
    this.#logsIn = init.credentials !== undefined
    this.#blobs = new BlobCache(this.#context, init.spoolDirectory)
    this.#manifests = new ManifestCache(this.#context, init)
  }

  async serve(found: Route, exchange: Exchange): Promise<void> {
    try {
      await this.#serve(found, exchange)
    } catch (error) {
      // Callers are told that there is no such thing; whoever set the password wants to know why.
      if (this.#logsIn && error instanceof Failure && hasCode(error.cause, 'unauthenticated'))
        this.#context.onError(error.cause)
      throw error
    }
  }

  async #serve(found: Route, exchange: Exchange): Promise<void> {
    const { method, query } = exchange
    const namespace = query.get('ns')
    if (namespace !== null && 'name' in found) {
      if (!this.#context.upstream.isNamed(namespace)) throw new Failure('NAME_UNKNOWN', { ns: namespace.slice(0, 256) })
      exchange.announce('oci-namespace', namespace)
    }
    if (method === 'DELETE') return this.#context.next(found, exchange)
    if (method !== 'GET' && method !== 'HEAD') {
      throw new Failure('UNSUPPORTED', 'this registry is a cache of another one', {
        headers: { allow: 'GET, HEAD, DELETE' },
      })
    }
    if (found.kind === 'manifest') return this.#manifests.serve(found.name, found.reference, exchange)
    if (found.kind === 'blob') return this.#blobs.serve(found.name, found.digest, exchange)
    if (found.kind === 'tags') return this.#tags(found.name, exchange)
    if (found.kind === 'referrers') return this.#referrers(found.name, found.digest, exchange)
    return this.#context.next(found, exchange)
  }

  async close(): Promise<void> {
    this.#ended.abort()
    await this.#blobs.close()
    await this.#context.upstream.close()
  }

  async #tags(name: string, exchange: Exchange): Promise<void> {
    const { upstream, signal } = this.#context
    await this.#orHere({ kind: 'tags', name }, exchange, async () => {
      const page = pageRequestOf(exchange.query, 'tags')
      const rest = (await upstream.tags(name, signal)).filter((tag) => tag > page.last)
      const { names, link } = pageOf(rest, page, exchange.query, tagsPath(name))
      const headers = { 'content-type': 'application/json', ...(link && { link }) }
      exchange.answer(200, headers, JSON.stringify({ name, tags: names }))
    })
  }

  async #referrers(name: string, digest: Digest, exchange: Exchange): Promise<void> {
    const { upstream, signal } = this.#context
    await this.#orHere({ kind: 'referrers', name, digest }, exchange, async () => {
      const artifactType = exchange.query.get('artifactType') || undefined
      const all = await upstream.referrers(name, digest, artifactType, signal)
      all.sort((one, other) => (one.digest < other.digest ? -1 : 1))
      const behind = (last: string) => all.filter((descriptor) => descriptor.digest > last)
      await answerReferrers(name, digest, (page) => takePage(behind(page.last), page), exchange)
    })
  }

  /** Answers from the other registry, or, when it cannot be reached, with what is known here. */
  async #orHere(found: Route & { name: string }, exchange: Exchange, answer: () => Promise<void>): Promise<void> {
    if (!this.#context.mayFetch(found.name)) return this.#context.next(found, exchange)
    try {
      await answer()
    } catch (error) {
      if (error instanceof Failure || !isOutage(error)) throw upstreamFailure(error, 'NAME_UNKNOWN')
      this.#context.onError(error)
      exchange.announce('warning', formatWarning('the registry that this one is a cache of cannot be reached'))
      await this.#context.next(found, exchange)
    }
  }
}
