// SPDX-License-Identifier: Apache-2.0
import type { Envelope } from '@teu/containerd-api'

/** How many exits are remembered; an exit is repeated within seconds, or never. */
const remembered = 4096

/**
 * Knows an exit that was forwarded before. A shim that is killed after its event was taken, and before it could note
 * that, leaves the shim that follows no way to know: that one tells the exit again, in the same words. They hold the
 * time of the exit in nanoseconds, so no two exits are alike.
 */
export class RepeatedExits {
  readonly #seen = new Set<string>()

  /** Whether this is an exit that was asked about before. Other events never are. */
  has({ namespace, topic, event }: Envelope): boolean {
    if (topic !== '/tasks/exit' || event === undefined) return false
    const key = `${namespace}/${Buffer.from(event.value).toString('latin1')}`
    if (this.#seen.has(key)) return true
    this.#seen.add(key)
    if (this.#seen.size > remembered) this.#seen.delete(this.#seen.values().next().value as string)
    return false
  }
}
