// SPDX-License-Identifier: Apache-2.0
import type { Reference } from '@teu/oci-spec/distribution'
import type { Descriptor, Digest } from '@teu/oci-spec/image'
import { type CopyEvent, type CopyOptions, type CopyResult, copy } from './copy.ts'
import type { CallOptions, RegistryClientInit } from './init.ts'
import * as listings from './listings.ts'
import * as manifests from './manifests.ts'
import { type PullEvent, type PullOptions, type PullResult, type PullSink, pull } from './pull.ts'
import { hasBlob, type PullBlobOptions, pullBlob } from './pull-blob.ts'
import { type PushEvent, type PushOptions, type PushSource, push } from './push.ts'
import { deleteBlob, type OpenBlob, type PushBlobOptions, type PushBlobOutcome, pushBlob } from './push-blob.ts'
import { type PushStreamOptions, pushStream } from './push-stream.ts'
import * as referrers from './referrers.ts'
import { type Repository, Session } from './session.ts'
import { startTransfer, type Transfer } from './transfer.ts'

/**
 * A client of OCI registries. It keeps connections, tokens and what it learnt about each registry; make one and share
 * it. Its methods may be called at the same time, each ends with `cancelled` when its signal is aborted, and none hangs:
 * connecting, answering and transferring have deadlines of their own.
 *
 * What fails throws a `StackError`: `not-found` (no such repository, tag, manifest or blob), `unauthenticated`,
 * `permission-denied`, `resource-exhausted` (429 without end, or an answer above its limit), `data-loss` (content that
 * is not what its digest says), `unavailable` and `deadline-exceeded` (after repetitions), `failed-precondition` (the
 * registry asks for something unsafe), `not-implemented` (405, as of a registry that deletes nothing),
 * `invalid-argument` (a request that cannot be, or a setting). {@link registryAnswerOf} has the registry's own words.
 *
 * @public
 */
export interface RegistryClient extends AsyncDisposable {
  /** Asks whether a registry is there and takes the caller's credentials (end-1); `unauthenticated` when it does not. */
  ping(registry: string, options?: CallOptions): Promise<void>
  /**
   * What a reference names now: the descriptor of a manifest or an index. Asked with HEAD, which Docker Hub does not
   * count; its headers are believed for nothing that is fetched later.
   */
  resolve(reference: Reference, options?: CallOptions): Promise<Descriptor>
  /**
   * Fetches the manifest or index that a reference names, hashed and read: at most 4 MiB (`resource-exhausted` above).
   * `invalid-argument` for a body that is neither, or both.
   */
  fetchManifest(reference: Reference, options?: manifests.FetchManifestOptions): Promise<manifests.FetchedManifest>
  /** A blob's bytes, verified: the iteration ends without an error only when length and digest are right. */
  pullBlob(repository: Repository, descriptor: Descriptor, options?: PullBlobOptions): AsyncIterable<Uint8Array>
  /** Whether a repository has a blob, asked with HEAD; false for a repository that there is not, too. */
  hasBlob(repository: Repository, digest: Digest, options?: CallOptions): Promise<boolean>
  /** Pulls an image, or all of an index, into a sink. */
  pull(reference: Reference, sink: PullSink, options?: PullOptions): Transfer<PullEvent, PullResult>
  /**
   * Sees to it that a repository has a blob: asks for it, has it mounted from where it is, or sends what `open` gives,
   * and says which it was. A source of another length or digest is `data-loss`.
   */
  pushBlob(
    repository: Repository,
    descriptor: Descriptor,
    open: OpenBlob,
    options?: PushBlobOptions,
  ): Promise<PushBlobOutcome>
  /** Sends content whose digest and length are found out on the way; opened again when a connection broke. */
  pushStream(
    repository: Repository,
    open: () => AsyncIterable<Uint8Array>,
    options?: PushStreamOptions,
  ): Promise<Descriptor>
  /**
   * Stores a manifest under the reference's tag, or under its digest. Answers the digest. One with a subject is found by
   * `listReferrers` from then on, on registries without the API for it too.
   */
  pushManifest(reference: Reference, body: Uint8Array, options: CallOptions & { mediaType: string }): Promise<Digest>
  /** Pushes a manifest or an index, and all that it points at, from a source. */
  push(reference: Reference, root: Descriptor, source: PushSource, options?: PushOptions): Transfer<PushEvent, void>
  /** Copies an image, an index or anything else from one repository to another, of the same registry or not. */
  copy(source: Reference, target: Reference, options?: CopyOptions): Transfer<CopyEvent, CopyResult>
  /**
   * The tags of a repository, page by page as they are asked for, in the registry's order. Pages have 16 MiB and
   * listings 10,000 pages at most (`resource-exhausted` above).
   */
  listTags(repository: Repository, options?: CallOptions): AsyncIterable<string>
  /** The repositories that a registry lists, where it does, under the same limits; many refuse, Docker Hub among them. */
  listRepositories(registry: string, options?: CallOptions): AsyncIterable<string>
  /**
   * Manifests whose subject is `digest`: by the API (end-12), or the index under the tag that stands in for it where a
   * registry has none. Empty when there are none.
   */
  listReferrers(repository: Repository, digest: Digest, options?: referrers.ListReferrersOptions): Promise<Descriptor[]>
  /** Removes a tag, or with a digest a manifest and all its tags. */
  deleteManifest(reference: Reference, options?: CallOptions): Promise<void>
  /** Removes a blob from a repository. */
  deleteBlob(repository: Repository, digest: Digest, options?: CallOptions): Promise<void>
  /** Breaks off what is going on and closes all connections. */
  close(): Promise<void>
}

/**
 * Makes a client. Nothing is contacted yet.
 *
 * Registries are reached over verified TLS; see {@link RegistryHost} for those that are not. Credentials go to the
 * registry they are for and to the token service it names, never on to another host by redirect, and never in clear
 * unless the registry was declared insecure or is this machine.
 *
 * @public
 */
export function createRegistryClient(init: RegistryClientInit = {}): RegistryClient {
  const session = new Session(init)
  const close = () => session.close()
  return {
    ping: (registry, options = {}) => listings.ping(session, registry, options),
    resolve: (reference, options = {}) => manifests.resolve(session, reference, options),
    fetchManifest: (reference, options = {}) => manifests.fetchManifest(session, reference, options),
    pullBlob: (repository, descriptor, options = {}) => pullBlob(session, repository, descriptor, options),
    hasBlob: (repository, digest, options = {}) => hasBlob(session, repository, digest, options),
    pull: (reference, sink, options = {}) =>
      startTransfer((onEvent) => pull(session, reference, sink, { ...options, onEvent }), options.onEvent),
    pushBlob: (repository, descriptor, open, options = {}) => pushBlob(session, repository, descriptor, open, options),
    pushStream: (repository, open, options = {}) => pushStream(session, repository, open, options),
    pushManifest: (reference, body, options) => referrers.pushManifest(session, reference, body, options),
    push: (reference, root, source, options = {}) =>
      startTransfer((onEvent) => push(session, reference, root, source, { ...options, onEvent }), options.onEvent),
    copy: (source, target, options = {}) =>
      startTransfer((onEvent) => copy(session, source, target, { ...options, onEvent }), options.onEvent),
    listTags: (repository, options = {}) => listings.listTags(session, repository, options),
    listRepositories: (registry, options = {}) => listings.listRepositories(session, registry, options),
    listReferrers: (repository, digest, options = {}) => referrers.listReferrers(session, repository, digest, options),
    deleteManifest: (reference, options = {}) => referrers.deleteManifest(session, reference, options),
    deleteBlob: (repository, digest, options = {}) => deleteBlob(session, repository, digest, options),
    close,
    [Symbol.asyncDispose]: close,
  }
}
