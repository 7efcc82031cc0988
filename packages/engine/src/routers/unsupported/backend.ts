// SPDX-License-Identifier: Apache-2.0

/** What endpoints that this engine does not have look up before they say so. */
export interface UnsupportedBackend {
  /** Throws `not-found` when there is no such container. */
  requireContainer(reference: string): void
  /** Rejects with `not-found` when there is no such network. */
  requireNetwork(reference: string): Promise<void>
}
