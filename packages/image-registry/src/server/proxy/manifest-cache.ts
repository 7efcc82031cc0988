// SPDX-License-Identifier: Apache-2.0
import { type Digest, isDigest } from '@teu/oci-spec/image'
import type { ManifestReference } from '../../store/manifest-store.ts'
import type { Exchange } from '../exchange.ts'
import { Failure } from '../failure.ts'
import { innerCall } from '../front/inner-call.ts'
import { formatWarning } from '../limits/rules.ts'
import type { CacheContext } from './cache-context.ts'
import { isOutage, upstreamFailure } from './refusal.ts'
import { SingleFlight } from './single-flight.ts'

/** Tags whose last look is remembered. */
const maximumLooks = 10_000

/**
 * Serves manifests from here. For a tag the other registry is asked first what it names, without fetching it; when it
 * cannot be reached, what the tag named last is served with a warning.
 *
 * @internal
 */
export class ManifestCache {
  readonly #context: CacheContext
  readonly #freshMs: number
  readonly #restMs: number
  readonly #refreshing = new SingleFlight<void>()
  readonly #looks = new Map<string, number>()
  #restUntil = 0

  constructor(context: CacheContext, { freshMs = 0, restMs = 10_000 }: { freshMs?: number; restMs?: number }) {
    this.#context = context
    this.#freshMs = freshMs
    this.#restMs = restMs
  }

  async serve(name: string, reference: ManifestReference, exchange: Exchange): Promise<void> {
    const { next, mayFetch } = this.#context
    if (mayFetch(name)) {
      if ('tag' in reference) await this.#refreshTag(name, reference.tag, exchange)
      else await this.#fetchMissing(name, reference.digest)
    }
    await next({ kind: 'manifest', name, reference }, exchange)
  }

  async #fetchMissing(name: string, digest: Digest): Promise<void> {
    const isHere = (await this.#here(name, { digest })) !== undefined
    this.#context.count('manifest', isHere ? 'hit' : 'miss')
    if (isHere) return
    await this.#refreshing
      .run(`${name}@${digest}`, () => this.#fetch(name, digest, { digest }))
      .catch((error: unknown) => {
        throw upstreamFailure(error, 'MANIFEST_UNKNOWN')
      })
  }

  async #refreshTag(name: string, tag: string, exchange: Exchange): Promise<void> {
    const key = `${name}:${tag}`
    const held = await this.#here(name, { tag })
    const { count } = this.#context
    if (held !== undefined && (this.#looks.get(key) ?? -Infinity) + this.#freshMs > performance.now())
      return count('manifest', 'hit')
    try {
      if (held !== undefined && this.#restUntil > performance.now()) throw new Failure('UNAVAILABLE')
      await this.#refreshing.run(key, () => this.#refresh(name, tag, held))
      this.#remember(key)
    } catch (error) {
      const isDown = error instanceof Failure || isOutage(error)
      if (held === undefined || !isDown) throw upstreamFailure(error, 'MANIFEST_UNKNOWN')
      if (!(error instanceof Failure)) {
        this.#restUntil = performance.now() + this.#restMs
        this.#context.onError(error)
      }
      count('manifest', 'stale')
      exchange.announce(
        'warning',
        formatWarning(`${name}:${tag} may be out of date: the registry it comes from cannot be reached`),
      )
    }
  }

  async #refresh(name: string, tag: string, held: Digest | undefined): Promise<void> {
    const { upstream, signal, count } = this.#context
    const { digest } = await upstream.resolve(name, tag, signal)
    this.#restUntil = 0
    count('manifest', digest === held ? 'hit' : 'miss')
    if (digest !== held) await this.#fetch(name, digest, { tag })
  }

  /** Puts a manifest here under a name, taking it from the other registry unless it is here under another one. */
  async #fetch(name: string, digest: Digest, as: ManifestReference): Promise<void> {
    const { upstream, signal, next } = this.#context
    const here = 'tag' in as ? await innerCall(next, { kind: 'manifest', name, reference: { digest } }) : undefined
    const isHere = here?.status === 200
    const fetched = isHere ? undefined : await upstream.manifest(name, { digest }, signal)
    const type = fetched?.descriptor.mediaType ?? here?.headers['content-type'] ?? ''
    const bytes = fetched?.body ?? (here?.body as Buffer)
    const headers = { 'content-type': type, 'content-length': String(bytes.byteLength) }
    const request = { method: 'PUT', headers, body: once(bytes), isSparse: true }
    const kept = await innerCall(next, { kind: 'manifest', name, reference: as }, request)
    if (kept.status !== 201) throw new Failure('UNAVAILABLE', `cannot keep ${digest}: ${kept.body}`)
  }

  async #here(name: string, reference: ManifestReference): Promise<Digest | undefined> {
    const { status, headers } = await innerCall(
      this.#context.next,
      { kind: 'manifest', name, reference },
      { method: 'HEAD' },
    )
    const digest = headers['docker-content-digest']
    return status === 200 && isDigest(digest) ? digest : undefined
  }

  #remember(key: string): void {
    this.#looks.delete(key)
    this.#looks.set(key, performance.now())
    if (this.#looks.size > maximumLooks) this.#looks.delete(this.#looks.keys().next().value as string)
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
