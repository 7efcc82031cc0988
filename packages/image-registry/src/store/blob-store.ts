// SPDX-License-Identifier: Apache-2.0
import { hasCode } from '@teu/errors'
import type { ByteRange } from '@teu/oci-spec/distribution'
import type { Digest } from '@teu/oci-spec/image'
import { writeLink } from '../storage/links.ts'
import { tree } from '../storage/tree.ts'
import { noting, type StoreContext, writing } from './context.ts'
import { memberKey } from './holds.ts'
import { Refusal } from './refusal.ts'

/** Blobs, and which repositories hold them. @internal */
export class BlobStore {
  readonly #context: StoreContext

  constructor(context: StoreContext) {
    this.#context = context
  }

  /** The length of a blob that a repository holds; what was taken from it is gone even while its bytes are not. */
  async stat(name: string, digest: Digest): Promise<{ size: number } | undefined> {
    await this.#context.survey.ensure(name)
    return this.held(name, digest)
  }

  /** The same for whoever is writing already: to wait for a survey then would be to wait for oneself. */
  async held(name: string, digest: Digest): Promise<{ size: number } | undefined> {
    const { seen, index } = this.#context
    seen.touch(digest)
    return index.repositories.hasMember(name, digest) ? this.bytes(digest) : undefined
  }

  /** The length of bytes that are stored, whoever holds them. */
  async bytes(digest: Digest): Promise<{ size: number } | undefined> {
    const { storage, index } = this.#context
    const known = () => {
      const row = index.blobs.find(digest)
      return row?.isConfirmed ? { size: row.size } : undefined
    }
    if (known() === undefined) {
      const found = await storage.stat(tree.blob(digest))
      // Whoever was faster knows better: it wrote, or removed, what was looked for here.
      if (known() === undefined) {
        try {
          if (found === undefined) index.blobs.missing(digest)
          else index.blobs.stored(digest, found.size, found.modified)
        } catch (error) {
          // On a full disk it is looked for again the next time.
          if (hasCode(error, 'resource-exhausted')) return found && { size: found.size }
          throw error
        }
      }
    }
    const size = known()?.size
    return typeof size === 'number' ? { size } : undefined
  }

  /** A blob's bytes. Fails with `not-found` when they are gone, whatever the index said. */
  async *open(digest: Digest, range?: ByteRange): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#context.storage.open(tree.blob(digest), range)
    } catch (error) {
      if (hasCode(error, 'not-found')) this.#context.index.blobs.missing(digest)
      throw error
    }
  }

  /** Puts a verified object in place, unless the same bytes are stored already, and gives it to a repository. */
  async take(name: string, digest: Digest, from: { path: string; size: number }): Promise<void> {
    const { storage, holds, index, now, reached } = this.#context
    await writing(this.#context, name, () =>
      holds.keeping([digest], async () => {
        this.#checkQuota(name, digest, from.size)
        if ((await this.bytes(digest))?.size !== from.size) {
          await storage.move(from.path, tree.blob(digest))
          await reached('blob.placed')
          noting(this.#context, name, () => index.blobs.stored(digest, from.size, now()))
        }
        await this.#link(name, digest)
      }),
    )
  }

  /** Shares a blob of another repository. Answers whether there was one. */
  async mount(name: string, digest: Digest, from: string): Promise<boolean> {
    const { survey, holds } = this.#context
    await survey.ensure(from)
    return writing(this.#context, name, () =>
      holds.keeping([digest], async () => {
        const found = await this.held(from, digest)
        if (found === undefined) return false
        this.#checkQuota(name, digest, found.size)
        await this.#link(name, digest)
        return true
      }),
    )
  }

  /** Takes a blob from a repository. Answers whether it had it. */
  remove(name: string, digest: Digest): Promise<boolean> {
    const { storage, index, turns } = this.#context
    return writing(this.#context, name, () =>
      turns.run(memberKey(name, digest), async () => {
        if (!index.repositories.hasMember(name, digest)) return false
        await storage.remove(tree.layer(name, digest))
        noting(this.#context, name, () =>
          index.repositories.removeMember(index.repositories.idOf(name), index.blobs.idOf(digest)),
        )
        return true
      }),
    )
  }

  /** How many bytes a repository may still take; `undefined`: any number. */
  room(name: string): number | undefined {
    const { limits, index } = this.#context
    const quota = limits.quota?.(name)
    return quota === undefined ? undefined : Math.max(0, quota - (index.repositories.find(name)?.bytes ?? 0))
  }

  #checkQuota(name: string, digest: Digest, size: number): void {
    const room = this.room(name)
    if (room === undefined || size <= room || this.#context.index.repositories.hasMember(name, digest)) return
    throw quotaExceeded(name)
  }

  /** In turn, because what is given and taken at once would end differently in the storage and in the index. */
  #link(name: string, digest: Digest): Promise<void> {
    const { storage, index, holds, turns, seen, now, reached } = this.#context
    const key = memberKey(name, digest)
    seen.touch(digest)
    return turns.run(key, () =>
      holds.keeping([key], async () => {
        if (index.repositories.hasMember(name, digest)) return
        await writeLink(storage, tree.layer(name, digest), digest)
        await reached('blob.linked')
        noting(this.#context, name, () =>
          index.repositories.addMember(index.repositories.idOf(name), index.blobs.idOf(digest), now()),
        )
      }),
    )
  }
}

/** The refusal of what a repository has no room for. @internal */
export function quotaExceeded(name: string): Refusal {
  return new Refusal('DENIED', `${name}: its quota is used up`)
}
