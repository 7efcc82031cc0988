// SPDX-License-Identifier: Apache-2.0
import type {
  AuthConfig,
  ContainerConfig,
  ImageDeleteItem,
  ImageHistoryItem,
  ImageInspect,
  ImageSummary,
  ProgressMessage,
} from '@teu/engine-api'
import type { Platform } from '@teu/oci-spec/image'
import type { Rootfs } from '../spec/rootfs.ts'

/** What every call may carry. Aborting `signal` ends the call with code `cancelled`; what it had begun is undone. */
export interface CallOptions {
  signal?: AbortSignal | undefined
}

/** A call about one image that may name the platform that is meant: exactly that one, or `not-found`. */
export interface PlatformOptions extends CallOptions {
  platform?: Platform | undefined
}

/** A platform as an image names it, such as `linux/arm64/v8`. */
export interface ImagePlatform {
  os: string
  architecture: string
  variant?: string | undefined
}

/** An image that a reference led to: what a container needs to be made from it. */
export interface ResolvedImage {
  /** The image's id: `sha256:` and the digest of its config. */
  id: string
  /** The name it was found by in familiar form (`busybox:latest`); the id when it was found by id. */
  name: string
  /** Its config in the Engine API's shape: `Env`, `Cmd`, `Entrypoint`, `User`, `WorkingDir`, `Labels`, … */
  config: Partial<ContainerConfig>
  /** The digests of its uncompressed layers, lowest first. */
  diffIds: readonly string[]
  /** The name of the snapshot of its top layer; empty for an image without layers. */
  chainId: string
  platform: ImagePlatform
}

/** `POST /images/create?fromImage=`. */
export interface PullRequest {
  /** A name with or without tag or digest, familiar or full. Without tag `latest` is meant, or with `all` every tag. */
  reference: string
  all?: boolean | undefined
  /** `os/arch[/variant]`; the host's by default. */
  platform?: string | undefined
  auth?: AuthConfig | undefined
}

/** `POST /images/{name}/push`. */
export interface PushRequest {
  /** A name without tag or digest. */
  name: string
  /** All local tags of the name are pushed when absent. */
  tag?: string | undefined
  /** Only the image for this platform. */
  platform?: Platform | undefined
  auth?: AuthConfig | undefined
}

/** `GET /images/json`: filters as in the query, each a list of values of which one must match. */
export interface ImageListOptions extends CallOptions {
  all?: boolean | undefined
  /** Counts the bytes that an image shares with others; -1 without. */
  sharedSize?: boolean | undefined
  /** `reference`, `label`, `dangling`, `before`, `since`, `until`; another key is `invalid-argument`. */
  filters?: Readonly<Record<string, readonly string[]>> | undefined
}

/** `DELETE /images/{name}`. */
export interface ImageRemoveOptions extends CallOptions {
  /** Also untag several names of one id, and those of an image that a stopped container uses. */
  force?: boolean | undefined
  /** Remove only what is for these platforms. */
  platforms?: readonly Platform[] | undefined
}

/** The disk space of all images. */
export interface ImageUsage {
  images: ImageSummary[]
  /** The bytes of all their content, each blob counted once. */
  layersSize: number
}

/** What happened to an image, for `/events`. */
export interface ImageEvent {
  action: 'delete' | 'load' | 'pull' | 'push' | 'save' | 'tag' | 'untag' | 'prune'
  /** The image's id, or for `pull` and `push` its familiar name. */
  id: string
  attributes: Readonly<Record<string, string>>
}

/** A container that stands in the way of removing an image. */
export interface ImageUser {
  containerId: string
  /** The id of the image that the container was made from. */
  imageId: string
  running: boolean
}

/** Mounts that make up a root filesystem, as the containerd API carries them. */
export interface RootfsMount {
  type: string
  source: string
  target: string
  options: string[]
}

/** The writable root filesystem of one container: a snapshot whose key is the container's id. */
export interface ContainerRootfs {
  snapshotter: string
  key: string
  mounts: RootfsMount[]
}

/** Bytes of a container's own layer, and of that with the image's below it. */
export interface RootfsSizes {
  writable: number
  total: number
}

/**
 * The images of one engine. Everything is kept in containerd (content, images, snapshots, leases); this service
 * has no state of its own, so it can be restarted, and a second one can stand beside it.
 *
 * Streams of {@link ProgressMessage} throw before their first message when the request itself is refused
 * (`not-found`, `invalid-argument`, …): the caller can still choose an HTTP status. A failure after that is thrown
 * as well; the router turns it into the `errorDetail` line.
 */
export interface ImageService {
  /** The snapshotter that containers' root filesystems come from, such as `overlayfs`. */
  readonly snapshotter: string

  /**
   * Finds an image by familiar or full name, digest, id or unique id prefix. Rejects with `not-found` and
   * `No such image: <reference>` (tag `latest` completed), `invalid-argument` for what is not a reference.
   */
  resolve(reference: string, options?: CallOptions): Promise<ResolvedImage>

  pull(request: PullRequest, options?: CallOptions): AsyncIterable<ProgressMessage>
  push(request: PushRequest, options?: CallOptions): AsyncIterable<ProgressMessage>
  /** Reads a docker archive or an OCI layout, tar or gzipped tar. */
  load(
    archive: AsyncIterable<Uint8Array>,
    options?: PlatformOptions & { quiet?: boolean },
  ): AsyncIterable<ProgressMessage>
  /**
   * The tar of `docker save`; a name without tag means all tags of it. The names are resolved before the promise
   * settles, so `not-found` is a rejection.
   */
  save(names: readonly string[], options?: PlatformOptions): Promise<AsyncIterable<Uint8Array>>

  list(options?: ImageListOptions): Promise<ImageSummary[]>
  usage(options?: CallOptions): Promise<ImageUsage>
  inspect(reference: string, options?: PlatformOptions): Promise<ImageInspect>
  history(reference: string, options?: PlatformOptions): Promise<ImageHistoryItem[]>
  /** Names an image `repo:tag`; a name that exists is moved. */
  tag(reference: string, repo: string, tag: string | undefined, options?: CallOptions): Promise<void>
  /** Untags, and deletes with the last tag. `conflict` while a container uses it. */
  remove(reference: string, options?: ImageRemoveOptions): Promise<ImageDeleteItem[]>
  /** Removes images that nothing names (`dangling`), or that no container uses (`dangling=false`). */
  prune(
    filters?: Readonly<Record<string, readonly string[]>>,
    options?: CallOptions,
  ): Promise<{ deleted: ImageDeleteItem[]; reclaimed: number }>

  /** Makes the container's writable snapshot; unpacks the image first where that has not happened. */
  prepareRootfs(containerId: string, image: ResolvedImage, options?: CallOptions): Promise<ContainerRootfs>
  /** The mounts of a snapshot that {@link prepareRootfs} made. `not-found` when there is none. */
  rootfs(containerId: string, options?: CallOptions): Promise<ContainerRootfs>
  /**
   * Opens the container's root filesystem for reading by path inside it, also while the container runs; disposing lets
   * go of it. With `writable` it can be changed: only while the container does not run.
   */
  openRootfs(containerId: string, options?: CallOptions & { writable?: boolean }): Promise<Rootfs & AsyncDisposable>
  /** The whole root filesystem as one tar. */
  exportRootfs(containerId: string, options?: CallOptions): Promise<AsyncIterable<Uint8Array>>
  /** The size of the writable layer, in bytes. */
  rootfsSize(containerId: string, options?: CallOptions): Promise<number>
  /** The sizes of the writable layer and of the whole root filesystem. `not-found` when there is none. */
  rootfsSizes(containerId: string, options?: CallOptions): Promise<RootfsSizes>
  /** Removes the snapshot; one that is gone already is no error. */
  removeRootfs(containerId: string, options?: CallOptions): Promise<void>
}
