// SPDX-License-Identifier: Apache-2.0
import { blobPath, formatContentRange, resolveRange } from '@teu/oci-spec/distribution'
import type { Digest } from '@teu/oci-spec/image'
import type { StorageDriver } from '../storage/driver.ts'
import { readLink, writeLink } from '../storage/links.ts'
import { tree } from '../storage/tree.ts'
import type { Exchange } from './exchange.ts'
import { Failure } from './failure.ts'
import { Gate } from './gate.ts'
import { RecentlySeen } from './recently-seen.ts'

/** Content of repositories: whether it is theirs, and its bytes. @internal */
export class Blobs {
  readonly #driver: StorageDriver
  readonly #seen = new RecentlySeen()
  readonly #gate = new Gate()

  constructor(driver: StorageDriver) {
    this.#driver = driver
  }

  /** The length of a blob that a repository holds; the link decides, so what was removed is gone even while its bytes are not. */
  async stat(name: string, digest: Digest): Promise<{ size: number } | undefined> {
    this.#seen.touch(digest)
    if ((await readLink(this.#driver, tree.layer(name, digest))) === undefined) return undefined
    return this.#driver.stat(tree.blob(digest))
  }

  /** Runs what relies on content being there and makes it referenced, with no collection in between. */
  keeping<T>(work: () => Promise<T>): Promise<T> {
    return this.#gate.shared(work)
  }

  /** Keeps content from being collected for a while. */
  touch(digest: Digest): void {
    this.#seen.touch(digest)
  }

  /** Puts the bytes of a finished upload in place, unless the same are stored already, and gives them to a repository. */
  async take(name: string, digest: Digest, from: string): Promise<void> {
    await this.keeping(async () => {
      const isStored = (await this.#driver.stat(tree.blob(digest))) !== undefined
      if (!isStored) await this.#driver.move(from, tree.blob(digest))
      await this.#link(name, digest)
    })
  }

  /** Shares a blob of another repository. Answers whether there was one. */
  mount(name: string, digest: Digest, from: string): Promise<boolean> {
    return this.keeping(async () => {
      if ((await this.stat(from, digest)) === undefined) return false
      await this.#link(name, digest)
      return true
    })
  }

  async #link(name: string, digest: Digest): Promise<void> {
    this.#seen.touch(digest)
    await writeLink(this.#driver, tree.layer(name, digest), digest)
  }

  /** Takes a blob from a repository, unless it came, or was asked for, at `before` or later. Answers whether it went. */
  unlinkIfIdle(name: string, digest: Digest, before: number, dryRun: boolean): Promise<boolean> {
    return this.#gate.exclusive(async () => {
      if (!(await this.#isIdle(`${tree.layer(name, digest)}/link`, digest, before))) return false
      if (!dryRun) await this.#driver.remove(tree.layer(name, digest))
      return true
    })
  }

  /** Removes a blob's bytes under the same condition. Answers how many; `undefined` when they stay. */
  removeIfIdle(digest: Digest, before: number, dryRun: boolean): Promise<number | undefined> {
    return this.#gate.exclusive(async () => {
      if (!(await this.#isIdle(tree.blob(digest), digest, before))) return undefined
      const found = await this.#driver.stat(tree.blob(digest))
      if (!dryRun) await this.#driver.remove(tree.blobFolder(digest))
      return found?.size ?? 0
    })
  }

  async #isIdle(path: string, digest: Digest, before: number): Promise<boolean> {
    const found = await this.#driver.stat(path)
    return this.#seen.time(digest) < before && (found?.modified ?? 0) < before
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
