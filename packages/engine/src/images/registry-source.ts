// SPDX-License-Identifier: Apache-2.0
import type { AuthConfig } from '@teu/engine-api'
import type { Reference } from '@teu/oci-spec/distribution'
import type { Descriptor } from '@teu/oci-spec/image'

/** Aborting `signal` ends a call with code `cancelled`. */
export interface SourceOptions {
  signal?: AbortSignal | undefined
}

/** What came of offering a blob to a registry. */
export type PushOutcome = 'pushed' | 'exists' | { mountedFrom: string }

/**
 * What the image service wants of a registry. Everything read is verified against its descriptor before it counts as
 * read. Failures: `not-found`, `unauthenticated`, `permission-denied`, `unavailable`, `data-loss` for wrong content.
 */
export interface RegistrySource {
  /** The descriptor that the tag or digest of `reference` stands for now. */
  resolve(reference: Reference, options?: SourceOptions): Promise<Descriptor>
  /** The tags of a repository, in the registry's order. */
  tags(reference: Reference, options?: SourceOptions): AsyncIterable<string>
  /** A manifest or index, at most 4 MiB. */
  manifest(reference: Reference, descriptor: Descriptor, options?: SourceOptions): Promise<Uint8Array>
  /** A blob's bytes from `offset` on; resumed inside when the connection breaks. */
  blob(
    reference: Reference,
    descriptor: Descriptor,
    options?: SourceOptions & { offset?: number },
  ): AsyncIterable<Uint8Array>
  /** Uploads a blob that the repository does not have; `source` starts at an offset and may be asked several times. */
  pushBlob(
    reference: Reference,
    descriptor: Descriptor,
    source: (offset: number) => AsyncIterable<Uint8Array>,
    options?: SourceOptions & { mountFrom?: readonly string[]; onProgress?: (sent: number) => void },
  ): Promise<PushOutcome>
  /** Stores a manifest under the tag of `reference`, or under its digest when it has no tag. */
  pushManifest(reference: Reference, descriptor: Descriptor, body: Uint8Array, options?: SourceOptions): Promise<void>
  /** Closes connections. */
  close(): Promise<void>
}

/** Opens a registry with the credentials of one request; none means anonymous. */
export type OpenRegistry = (auth?: AuthConfig) => RegistrySource
