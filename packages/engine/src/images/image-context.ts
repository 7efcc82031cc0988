// SPDX-License-Identifier: Apache-2.0
import { type ContainerdServices, inNamespace } from '@teu/containerd-api'
import type { Platform } from '@teu/oci-spec/image'
import type { ImageEvent, ImageUser } from './image-service.ts'
import type { KeyedLock, Slots } from './keyed-lock.ts'
import type { LoadedContent } from './loaded-image.ts'
import type { OpenRegistry } from './registry-source.ts'

/** What all parts of the image service share. */
export interface ImageContext {
  readonly containerd: ContainerdServices
  readonly namespace: string
  readonly snapshotter: string
  /** Whether containerd unpacks a layer while it is still downloaded. */
  readonly growingLayers: boolean
  readonly platform: Platform
  readonly openRegistry: OpenRegistry
  /** OCI layout directories, by familiar name, of images that come with the program: no registry is asked for them. */
  readonly bundledLayouts: Readonly<Record<string, string>>
  /** The containers that exist, for refusing to remove what they use. */
  readonly users: () => Promise<readonly ImageUser[]>
  readonly onEvent: (event: ImageEvent) => void
  /** Where root filesystems are mounted for a moment. */
  readonly mountDirectory: string
  /** Held while one blob is downloaded or one snapshot unpacked: a second pull of it waits instead. */
  readonly locks: KeyedLock
  /** How many blobs are downloaded at a time. */
  readonly downloads: Slots
  /** Manifests and configs that were read, by digest of the image's target; content never changes under a digest. */
  readonly contents: Map<string, LoadedContent>
}

/** Options of one call to containerd: our namespace, and the lease that keeps what it creates. */
export function callOptions(
  context: Pick<ImageContext, 'namespace'>,
  options: { signal?: AbortSignal | undefined; lease?: string | undefined } = {},
): ReturnType<typeof inNamespace> {
  return inNamespace(context.namespace, options)
}
