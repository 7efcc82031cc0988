// SPDX-License-Identifier: Apache-2.0
import { RouteNetlink } from '@teu/linux'
import type { LeaseStore } from '../lease-store.ts'

/** How often the kernel is asked whether a link is gone, milliseconds. */
const interval = 50
/** After so many looks a link is removed by hand: a process in its namespace keeps the kernel from doing it. */
const patience = 40

/**
 * Forgets leases when the kernel has taken their links down. Taking one down by hand blocks for tens of milliseconds,
 * so that is done only for the few that stay. Nothing waits for it: an engine that ends meanwhile finds the leases at
 * its next start.
 */
export class LeavingLinks {
  readonly #leases: LeaseStore
  readonly #looks = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(leases: LeaseStore) {
    this.#leases = leases
  }

  /** Looks after all leases that are leaving, until there are none. */
  watch(): void {
    this.#timer ??= setTimeout(() => this.#look(), interval).unref()
  }

  #look(): void {
    this.#timer = undefined
    using net = RouteNetlink.open()
    for (const lease of this.#leases.leaving()) {
      const looks = (this.#looks.get(lease.link) ?? 0) + 1
      this.#looks.set(lease.link, looks)
      if (net.link(lease.link) && looks < patience) continue
      net.deleteLink(lease.link)
      this.#looks.delete(lease.link)
      this.#leases.remove(lease)
    }
    if (this.#leases.leaving().length > 0) this.watch()
  }
}
