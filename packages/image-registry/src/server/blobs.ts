// SPDX-License-Identifier: Apache-2.0
import { blobPath, formatContentRange, resolveRange } from '@teu/oci-spec/distribution'
import type { Digest } from '@teu/oci-spec/image'
import type { BlobStore } from '../store/blob-store.ts'
import type { Exchange } from './exchange.ts'
import { Failure } from './failure.ts'

/** Content of repositories: whether it is theirs, and its bytes. @internal */
export class Blobs {
  readonly #store: BlobStore

  constructor(store: BlobStore) {
    this.#store = store
  }

  async get(name: string, digest: Digest, exchange: Exchange): Promise<void> {
    const found = await this.#store.stat(name, digest)
    if (found === undefined) throw new Failure('BLOB_UNKNOWN', digest)
    const etag = `"${digest}"`
    const headers = {
      'accept-ranges': 'bytes',
      'cache-control': 'max-age=31536000',
      'content-type': 'application/octet-stream',
      'docker-content-digest': digest,
      etag,
    }
    if (exchange.header('if-none-match')?.includes(etag)) return exchange.answer(304, headers)
    const range = resolveRange(isForThis(exchange, etag) ? (exchange.header('range') ?? '') : '', found.size)
    if (range === 'unsatisfiable') {
      throw new Failure('RANGE_INVALID', undefined, { headers: { 'content-range': `bytes */${found.size}` } })
    }
    if (range === undefined) {
      if (found.size === 0) return exchange.answer(200, headers)
      return exchange.stream(200, { ...headers, 'content-length': String(found.size) }, this.#store.open(digest))
    }
    const partial = {
      ...headers,
      'content-length': String(range.end - range.start + 1),
      'content-range': formatContentRange(range, found.size),
    }
    return exchange.stream(206, partial, this.#store.open(digest, range))
  }

  async remove(name: string, digest: Digest, exchange: Exchange): Promise<void> {
    if (!(await this.#store.remove(name, digest))) throw new Failure('BLOB_UNKNOWN', digest)
    exchange.answer(202)
  }
}

/** Whether a range is asked of this content: `If-Range` may name another, of which a part would be of no use. */
function isForThis(exchange: Exchange, etag: string): boolean {
  const wanted = exchange.header('if-range')
  return wanted === undefined || wanted === etag
}

/** The answer to a blob that has just come to a repository. @internal */
export function answerCreated(name: string, digest: Digest, exchange: Exchange): void {
  exchange.answer(201, { location: blobPath(name, digest), 'docker-content-digest': digest })
}
