// SPDX-License-Identifier: Apache-2.0
import type { ContainerdServices } from '@teu/containerd-api'
import { StackError } from '@teu/errors'
import { familiarReference, formatReference, isTag, parseReference } from '@teu/oci-spec/distribution'
import { hostPlatform } from '@teu/oci-spec/image'
import { openRegistries, type RegistryAccess } from '../registry/image-registry-client.ts'
import { loadArchive } from './archive/load-archive.ts'
import { saveArchive } from './archive/save-archive.ts'
import type { ImageContext } from './image-context.ts'
import { listImages, setImage } from './image-records.ts'
import type {
  CallOptions,
  ImageEvent,
  ImageListOptions,
  ImageService,
  ImageUsage,
  ImageUser,
  PlatformOptions,
} from './image-service.ts'
import { distinctSize, historyView, inspectView, resolvedView, sharedSizes, summaryView } from './image-views.ts'
import { KeyedLock, Slots } from './keyed-lock.ts'
import { byId, filterImages } from './list-filters.ts'
import { checkNewName, requireImage } from './names.ts'
import { onPlatform } from './platform-content.ts'
import { pullImage } from './pull/pull-image.ts'
import { pushImage } from './push/push-image.ts'
import type { OpenRegistry } from './registry-source.ts'
import { pruneImages, removeImage } from './remove.ts'
import { containerRootfs, prepareRootfs, removeRootfs, rootfsSize, rootfsSizes } from './rootfs/container-rootfs.ts'
import { exportTree } from './rootfs/export-rootfs.ts'
import { openMounts, readOnlyMounts } from './rootfs/open-rootfs.ts'

/** Constructor data of an {@link ImageService}. */
export interface ImageServiceInit {
  containerd: ContainerdServices
  /** The containerd namespace of all images. `moby` by default, as dockerd's. */
  namespace?: string
  /** `overlayfs` by default; see `chooseSnapshotter`. */
  snapshotter?: string
  /** Whether containerd unpacks a layer while it is still downloaded; see `unpacksGrowingLayers`. False by default. */
  growingLayers?: boolean
  /** A directory of our own, for mount points that live for a moment. */
  mountDirectory: string
  registryAccess?: RegistryAccess
  /** In place of the registries that {@link registryAccess} describes. */
  openRegistry?: OpenRegistry
  /** OCI layout directories by familiar name, for images that no registry has. */
  bundledLayouts?: Readonly<Record<string, string>>
  /** Blobs that are downloaded at a time, over all pulls. 3 by default. */
  maxConcurrentDownloads?: number
  /** The containers that exist. None by default. */
  users?: () => Promise<readonly ImageUser[]>
  onEvent?: (event: ImageEvent) => void
}

function contextOf(init: ImageServiceInit): ImageContext {
  return {
    containerd: init.containerd,
    namespace: init.namespace ?? 'moby',
    snapshotter: init.snapshotter ?? 'overlayfs',
    growingLayers: init.growingLayers ?? false,
    platform: hostPlatform(),
    openRegistry: init.openRegistry ?? openRegistries(init.registryAccess),
    bundledLayouts: init.bundledLayouts ?? {},
    users: init.users ?? (async () => []),
    onEvent: init.onEvent ?? (() => {}),
    mountDirectory: init.mountDirectory,
    locks: new KeyedLock(),
    downloads: new Slots(init.maxConcurrentDownloads ?? 3),
    contents: new Map(),
  }
}

async function tagImage(
  context: ImageContext,
  reference: string,
  repo: string,
  tag: string | undefined,
  options: CallOptions = {},
): Promise<void> {
  const parsed = parseReference(repo)
  checkNewName(parsed)
  if (parsed.digest) throw new StackError('invalid-argument', 'refusing to create a tag with a digest reference')
  const name = { registry: parsed.registry, repository: parsed.repository, tag: tag || (parsed.tag ?? 'latest') }
  if (!isTag(name.tag)) throw new StackError('invalid-argument', `invalid tag format: "${name.tag}"`)
  const { image } = requireImage(reference, await listImages(context, options))
  await setImage(context, formatReference(name), image.target, options)
  context.onEvent({ action: 'tag', id: image.id, attributes: { name: familiarReference(name) } })
}

async function listSummaries(context: ImageContext, options: ImageListOptions = {}) {
  const all = await listImages(context, options)
  const users = await context.users()
  const shared = options.sharedSize ? sharedSizes(all) : undefined
  const rows = byId(filterImages(all, options.filters ?? {})).map((names) => {
    const id = names[0]?.id ?? ''
    const count = users.filter(({ imageId }) => imageId === id).length
    return summaryView(names, count, shared?.get(id))
  })
  return rows.sort((a, b) => b.Created - a.Created)
}

async function imageUsage(context: ImageContext, options: CallOptions = {}): Promise<ImageUsage> {
  const images = await listSummaries(context, { ...options, all: true, sharedSize: true })
  return { images, layersSize: distinctSize(await listImages(context, options)) }
}

/** An image under all its names, or exactly its part for a platform. */
async function findNames(context: ImageContext, reference: string, options: PlatformOptions = {}) {
  const { image, names } = requireImage(reference, await listImages(context, options))
  if (!options.platform) return names
  const chosen = await onPlatform(context, image, options.platform, reference, options)
  const { manifestDescriptor, manifest, config, id, chainId } = chosen
  return names.map((other) => ({ ...other, manifestDescriptor, manifest, config, id, chainId }))
}

async function exportContainer(context: ImageContext, containerId: string, options: CallOptions = {}) {
  const { mounts } = await containerRootfs(context, containerId, options)
  const rootfs = openMounts(readOnlyMounts(mounts), context.mountDirectory)
  return (async function* () {
    try {
      yield* exportTree(rootfs.root, options.signal)
    } finally {
      await rootfs[Symbol.asyncDispose]()
    }
  })()
}

/**
 * The images of an engine, over any containerd. Nothing is contacted and nothing kept until a method is called.
 */
export function createImageService(init: ImageServiceInit): ImageService {
  const context = contextOf(init)
  const find = async (reference: string, options?: CallOptions) =>
    requireImage(reference, await listImages(context, options))
  return {
    snapshotter: context.snapshotter,
    async resolve(reference, options) {
      const { image, byId: id } = await find(reference, options)
      return resolvedView(image, id)
    },
    pull: (request, options) => pullImage(context, request, options),
    push: (request, options) => pushImage(context, request, options),
    load: (archive, options) => loadArchive(context, archive, options),
    save: (names, options) => saveArchive(context, names, options),
    list: (options) => listSummaries(context, options),
    usage: (options) => imageUsage(context, options),
    inspect: async (reference, options) =>
      inspectView(await findNames(context, reference, options), context.snapshotter),
    history: async (reference, options) => historyView(await findNames(context, reference, options)),
    tag: (reference, repo, tag, options) => tagImage(context, reference, repo, tag, options),
    remove: (reference, options) => removeImage(context, reference, options),
    prune: (filters, options) => pruneImages(context, filters, options),
    prepareRootfs: (containerId, image, options) => prepareRootfs(context, containerId, image, options),
    rootfs: (containerId, options) => containerRootfs(context, containerId, options),
    async openRootfs(containerId, options) {
      const { mounts } = await containerRootfs(context, containerId, options)
      return openMounts(options?.writable ? mounts : readOnlyMounts(mounts), context.mountDirectory)
    },
    exportRootfs: (containerId, options) => exportContainer(context, containerId, options),
    rootfsSize: (containerId, options) => rootfsSize(context, containerId, options),
    rootfsSizes: (containerId, options) => rootfsSizes(context, containerId, options),
    removeRootfs: (containerId, options) => removeRootfs(context, containerId, options),
  }
}
