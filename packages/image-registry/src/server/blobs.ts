// SPDX-License-Identifier: Apache-2.0
import { blobPath, formatContentRange, resolveRange } from '@teu/oci-spec/distribution'
import type { Digest } from '@teu/oci-spec/image'
import type { StorageDriver } from '../storage/driver.ts'
import { readLink, writeLink } from '../storage/links.ts'
import { tree } from '../storage/tree.ts'
import type { Exchange } from './exchange.ts'
import { Failure } from './failure.ts'

/** Content of repositories: whether it is theirs, and its bytes. @internal */
export class Blobs {
  readonly #driver: StorageDriver

  constructor(driver: StorageDriver) {
    this.#driver = driver
  }

  /** The length of a blob that a repository holds; the link decides, so what was removed is gone even while its bytes are not. */
  async stat(name: string, digest: Digest): Promise<{ size: number } | undefined> {
    if ((await readLink(this.#driver, tree.layer(name, digest))) === undefined) return undefined
    return this.#driver.stat(tree.blob(digest))
  }

  /** Whether the bytes are stored, no matter for whom. */
  async stored(digest: Digest): Promise<boolean> {
    return (await this.#driver.stat(tree.blob(digest))) !== undefined
  }

  async link(name: string, digest: Digest): Promise<void> {
    await writeLink(this.#driver, tree.layer(name, digest), digest)
  }

  /** Shares a blob of another repository. Answers whether there was one. */
  async mount(name: string, digest: Digest, from: string): Promise<boolean> {
    if ((await this.stat(from, digest)) === undefined) return false
    await this.link(name, digest)
    return true
  }

  async get(name: string, digest: Digest, exchange: Exchange): Promise<void> {
    const found = await this.stat(name, digest)
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
    const range = resolveRange(exchange.header('range') ?? '', found.size)
    if (range === 'unsatisfiable') {
      throw new Failure('RANGE_INVALID', undefined, { headers: { 'content-range': `bytes */${found.size}` } })
    }
    if (range === undefined) {
      if (found.size === 0) return exchange.answer(200, headers)
      return exchange.stream(
        200,
        { ...headers, 'content-length': String(found.size) },
        this.#driver.open(tree.blob(digest)),
      )
    }
    const partial = {
      ...headers,
      'content-length': String(range.end - range.start + 1),
      'content-range': formatContentRange(range, found.size),
    }
    return exchange.stream(206, partial, this.#driver.open(tree.blob(digest), range))
  }

  async remove(name: string, digest: Digest, exchange: Exchange): Promise<void> {
    if ((await this.stat(name, digest)) === undefined) throw new Failure('BLOB_UNKNOWN', digest)
    await this.#driver.remove(tree.layer(name, digest))
    exchange.answer(202)
  }

  /** The answer to a blob that has just come to a repository. */
  created(name: string, digest: Digest, exchange: Exchange): void {
    exchange.answer(201, { location: blobPath(name, digest), 'docker-content-digest': digest })
  }
}
