// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '@teu/oci-spec/image'
import type { ReferenceIndex } from '../references/reference-index.ts'

/** How long what was seen may stay unwritten, and how much of it. */
const intervalMs = 5_000
const maximumUnwritten = 10_000

const unwrittenFact = 'seen-unwritten-since'

/**
 * When callers last asked about content. A client that was told that a blob is there pushes a manifest of it next, so it
 * must not be collected in between, however old it is. Kept in memory for a few seconds, then in the index.
 *
 * @internal
 */
export class Seen {
  readonly #index: ReferenceIndex
  readonly #now: () => number
  #unwritten = new Map<Digest, number>()
  #timer: NodeJS.Timeout | undefined
  /** Until here, what was seen may have been lost, so everything counts as seen then. */
  readonly floor: number

  constructor(index: ReferenceIndex, now: () => number, isPersistent: boolean) {
    this.#index = index
    this.#now = now
    this.floor = isPersistent ? floorOf(index, now()) : 0
    index.setFact(unwrittenFact, 0)
  }

  touch(digest: Digest): void {
    this.#unwritten.set(digest, this.#now())
    if (this.#unwritten.size >= maximumUnwritten) this.#attempt(() => this.flush())
    if (this.#timer !== undefined) return
    this.#timer = setTimeout(() => this.#attempt(() => this.flush()), intervalMs).unref()
    this.#attempt(() => this.#index.setFact(unwrittenFact, this.#now()))
  }

  /** Writes it to the index. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#unwritten.size === 0) return
    this.#index.transaction(() => {
      this.#index.blobs.seen(this.#unwritten)
      this.#index.setFact(unwrittenFact, 0)
    })
    this.#unwritten = new Map()
  }

  #attempt(work: () => void): void {
    try {
      work()
    } catch {
      // A full disk: what was seen is kept, and written with what is seen next.
    }
  }
}

/**
 * What a run that died did not write was seen within one interval of the time that it left behind; twice that allows for
 * a process that was kept waiting. A new index knows nothing.
 */
function floorOf(index: ReferenceIndex, now: number): number {
  const since = index.fact(unwrittenFact)
  if (since === undefined) return now
  return since === 0 ? 0 : Math.min(now, since + 2 * intervalMs)
}
