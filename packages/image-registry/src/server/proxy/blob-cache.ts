// SPDX-License-Identifier: Apache-2.0
import { tmpdir } from 'node:os'
import path from 'node:path'
import { formatContentRange, resolveRange } from '@teu/oci-spec/distribution'
import type { Digest } from '@teu/oci-spec/image'
import type { Exchange } from '../exchange.ts'
import { Failure } from '../failure.ts'
import { innerCall } from '../front/inner-call.ts'
import type { CacheContext } from './cache-context.ts'
import { Download } from './download.ts'
import { upstreamFailure } from './refusal.ts'
import { SingleFlight } from './single-flight.ts'

/** Blobs that come at a time; further ones wait. */
const maximumDownloads = 16

/** Serves blobs from here, and fetches those that are missing, each once however many ask for it. @internal */
export class BlobCache {
  readonly #context: CacheContext
  readonly #directory: string
  readonly #starting = new SingleFlight<Download>()
  readonly #coming = new Map<string, Download>()
  readonly #filling = new Set<Promise<void>>()
  readonly #waiting: (() => void)[] = []
  #free = maximumDownloads

  constructor(context: CacheContext, spoolDirectory: string | undefined) {
    this.#context = context
    this.#directory = spoolDirectory ?? path.join(tmpdir(), 'teu-registry-proxy')
  }

  async serve(name: string, digest: Digest, exchange: Exchange): Promise<void> {
    const { next, upstream, signal, count } = this.#context
    const found = { kind: 'blob', name, digest } as const
    const isHere = (await innerCall(next, found, { method: 'HEAD' })).status === 200
    count('blob', isHere ? 'hit' : 'miss')
    if (isHere || !this.#context.mayFetch(name)) return next(found, exchange)
    const going = this.#coming.get(`${name}@${digest}`)
    const size = going?.size ?? (await upstream.sizeOf(name, digest, signal).catch(refuse))
    if (size === 0) await this.#keepEmpty(name, digest)
    if (size === 0) return next(found, exchange)
    const answer = answerOf(digest, size, exchange)
    if (exchange.method === 'HEAD') return exchange.stream(answer.status, answer.headers, nothing())
    const download = await this.#download(name, digest, size).catch(refuse)
    try {
      await exchange.stream(answer.status, answer.headers, download.read(answer.range))
    } catch (error) {
      throw upstreamFailure(error, 'BLOB_UNKNOWN')
    }
  }

  /** Waits for what is on its way to come to its end, which the context's signal brings about. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#filling)
  }

  #download(name: string, digest: Digest, size: number): Promise<Download> {
    const key = `${name}@${digest}`
    const going = this.#coming.get(key)
    if (going !== undefined) return Promise.resolve(going)
    return this.#starting.run(key, async () => {
      await this.#turn()
      const download = await Download.into(this.#directory, size).catch((error: unknown) => {
        this.#leave()
        throw error
      })
      this.#coming.set(key, download)
      const filling = this.#fill(name, digest, download).finally(() => {
        this.#coming.delete(key)
        this.#filling.delete(filling)
        this.#leave()
      })
      this.#filling.add(filling)
      return download
    })
  }

  /** It goes on when all who asked went away: they come back. */
  async #fill(name: string, digest: Digest, download: Download): Promise<void> {
    const { upstream, signal, onError } = this.#context
    try {
      await download.fill(upstream.blob(name, { digest, size: download.size }, signal))
      await this.#keep(name, digest, copies(download.read()))
    } catch (error) {
      if (!signal.aborted) onError(error)
    } finally {
      await download.release()
    }
  }

  async #keepEmpty(name: string, digest: Digest): Promise<void> {
    await this.#keep(name, digest, nothing())
  }

  async #keep(name: string, digest: Digest, body: AsyncIterable<Uint8Array>): Promise<void> {
    const uploads = { kind: 'uploads', name } as const
    const kept = await innerCall(this.#context.next, uploads, { method: 'POST', query: { digest }, body })
    if (kept.status !== 201) throw new Failure('UNAVAILABLE', `cannot keep ${digest}: ${kept.body}`)
  }

  async #turn(): Promise<void> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free++
    else next()
  }
}

function refuse(error: unknown): never {
  throw upstreamFailure(error, 'BLOB_UNKNOWN')
}

function answerOf(digest: Digest, size: number, exchange: Exchange) {
  const headers = {
    'accept-ranges': 'bytes',
    'cache-control': 'max-age=31536000',
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    etag: `"${digest}"`,
  }
  const range = resolveRange(exchange.header('range') ?? '', size)
  if (range === 'unsatisfiable') {
    throw new Failure('RANGE_INVALID', undefined, { headers: { 'content-range': `bytes */${size}` } })
  }
  if (range === undefined) return { status: 200, headers: { ...headers, 'content-length': String(size) }, range }
  const length = String(range.end - range.start + 1)
  return {
    status: 206,
    headers: { ...headers, 'content-length': length, 'content-range': formatContentRange(range, size) },
    range,
  }
}

/** A storage keeps chunks until they are written; the download uses their memory again. */
async function* copies(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield Buffer.from(chunk)
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
