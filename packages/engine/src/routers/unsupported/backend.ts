// SPDX-License-Identifier: Apache-2.0

/** The objects that endpoints look up before they say that this engine does not have them. */
export interface UnsupportedBackend {
  /** Throws `not-found` when there is no such container. */
  requireContainer(reference: string): void
  /** Rejects with `not-found` when there is no such network. */
  requireNetwork(reference: string): Promise<void>
}
