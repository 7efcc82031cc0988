// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '@teu/oci-spec/image'

/** More would cost memory; what is dropped counts as seen when the last dropped one was, which only keeps more. */
const maximumEntries = 100_000

/**
 * When callers last asked about content. A client that was told that a blob is there pushes a manifest of it next, so
 * it must not be collected in between, however old it is.
 *
 * @internal
 */
export class RecentlySeen {
  readonly #times = new Map<Digest, number>()
  #floor = 0

  touch(digest: Digest): void {
    this.#times.delete(digest)
    this.#times.set(digest, Date.now())
    if (this.#times.size <= maximumEntries) return
    const [oldest, time] = this.#times.entries().next().value as [Digest, number]
    this.#times.delete(oldest)
    this.#floor = time
  }

  /** Milliseconds since 1970. */
  time(digest: Digest): number {
    return this.#times.get(digest) ?? this.#floor
  }
}
