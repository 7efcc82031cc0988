// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync } from 'node:fs'
import { StackError } from '@teu/errors'
import type { Digest } from '@teu/oci-spec/image'
import { growth, type SharedGrowth } from './growth.ts'

/**
 * A blob whose ingest has a writer: what is there of it can be read already. Nobody has verified it before
 * {@link committed} settles, so what is made of it must be thrown away when that rejects.
 */
export class GrowingBlob {
  /** Settles when the blob is committed; rejects when the writer goes without, or starts again. */
  readonly committed: Promise<void>
  readonly shared: SharedGrowth = growth.create()
  #path: string
  readonly #commit: () => void
  readonly #fail: (error: Error) => void

  constructor(path: string, available: number) {
    this.#path = path
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    promise.catch(() => {})
    this.committed = promise
    this.#commit = resolve
    this.#fail = reject
    growth.advance(this.shared, available)
  }

  /** Opens what is there for reading: a descriptor that stays good when the blob gets its name. */
  open(): { fd: number } & Disposable {
    const fd = openSync(this.#path, 'r')
    return { fd, [Symbol.dispose]: () => closeSync(fd) }
  }

  /** Says where the file is now. */
  moved(path: string): void {
    this.#path = path
  }

  advance(available: number): void {
    growth.advance(this.shared, available)
  }

  complete(): void {
    growth.end(this.shared, 'complete')
    this.#commit()
  }

  /** Without a commit before: nothing more comes, and what came is worth nothing. */
  fail(): void {
    growth.end(this.shared, 'failed')
    this.#fail(new StackError('not-found', 'content was not committed: not found'))
  }
}

/** The blobs that are being written, by namespace and the digest they shall have. */
export class GrowingBlobs {
  readonly #blobs = new Map<string, GrowingBlob>()

  find(namespace: string, digest: Digest): GrowingBlob | undefined {
    return this.#blobs.get(`${namespace}\0${digest}`)
  }

  /** Of several writers of one digest the last one is found. */
  add(namespace: string, digest: Digest, blob: GrowingBlob): Disposable {
    const key = `${namespace}\0${digest}`
    this.#blobs.set(key, blob)
    return {
      [Symbol.dispose]: () => {
        if (this.#blobs.get(key) === blob) this.#blobs.delete(key)
      },
    }
  }
}
