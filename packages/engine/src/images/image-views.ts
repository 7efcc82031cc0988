// SPDX-License-Identifier: Apache-2.0
import type { ContainerConfig, ImageHistoryItem, ImageInspect, ImageSummary } from '@teu/engine-api'
import type { Descriptor, HistoryEntry, ImageConfig } from '@teu/oci-spec/image'
import type { ResolvedImage } from './image-service.ts'
import type { LoadedContent, LoadedImage } from './loaded-image.ts'
import { repoDigest, repoTag } from './names.ts'

const unique = (values: readonly (string | undefined)[]): string[] => [
  ...new Set(values.filter((value) => value !== undefined)),
]

/** The bytes of an image's content: its config and its layers as they are stored. */
export function contentSize({ manifest }: Pick<LoadedContent, 'manifest'>): number {
  return manifest.layers.reduce((sum, layer) => sum + layer.size, manifest.config.size)
}

/** Each image's blobs, config and layers, by image id. */
function blobsById(images: readonly LoadedImage[]): Map<string, Descriptor[]> {
  return new Map(images.map(({ id, manifest }) => [id, [manifest.config, ...manifest.layers]]))
}

const sum = (blobs: Iterable<Descriptor>): number => [...blobs].reduce((total, { size }) => total + size, 0)

const distinct = (blobs: readonly Descriptor[]) => new Map(blobs.map((blob) => [blob.digest, blob])).values()

/** The bytes of all images' content, each blob once. */
export function distinctSize(images: readonly LoadedImage[]): number {
  return sum(distinct([...blobsById(images).values()].flat()))
}

/** How many bytes of each image's content another image has too, by image id. */
export function sharedSizes(images: readonly LoadedImage[]): Map<string, number> {
  const byId = blobsById(images)
  const holders = Map.groupBy(
    [...byId].flatMap(([id, blobs]) => [...distinct(blobs)].map(({ digest }) => ({ id, digest }))),
    ({ digest }) => digest,
  )
  const isShared = ({ digest }: Descriptor) => (holders.get(digest)?.length ?? 0) > 1
  return new Map([...byId].map(([id, blobs]) => [id, sum(blobs.filter(isShared))]))
}

/** An image's defaults for containers, in the Engine API's shape; fields that it does not set are absent. */
export function containerConfig(config: ImageConfig): Partial<ContainerConfig> {
  const run = config.config ?? {}
  const { ExposedPorts, Volumes, ...rest } = run
  type Empty = Record<string, Record<string, never>>
  return {
    ...rest,
    ...(ExposedPorts ? { ExposedPorts: ExposedPorts as Empty } : {}),
    ...(Volumes ? { Volumes: Volumes as Empty } : {}),
  }
}

/** What a container needs of an image. */
export function resolvedView(image: LoadedImage, byId: boolean): ResolvedImage {
  const { os, architecture, variant, rootfs } = image.config
  return {
    id: image.id,
    name: byId ? image.id : (repoTag(image) ?? repoDigest(image) ?? image.id),
    config: containerConfig(image.config),
    diffIds: rootfs.diff_ids,
    chainId: image.chainId,
    platform: { os, architecture, variant },
  }
}

const seconds = (date: string | undefined): number => {
  const time = Date.parse(date ?? '')
  return Number.isNaN(time) ? 0 : Math.floor(time / 1000)
}

/** One row of the list, for all names of one image id. */
export function summaryView(names: readonly LoadedImage[], containers: number, sharedSize = -1): ImageSummary {
  const [image] = names as [LoadedImage]
  return {
    Id: image.id,
    ParentId: '',
    RepoTags: unique(names.map(repoTag)),
    RepoDigests: unique(names.map(repoDigest)),
    Created: seconds(image.config.created),
    Size: contentSize(image),
    SharedSize: sharedSize,
    Labels: image.config.config?.Labels ?? null,
    Containers: containers,
    Descriptor: image.target,
  }
}

/** The answer to an inspect, for all names of one image id. */
export function inspectView(names: readonly LoadedImage[], snapshotter: string): ImageInspect {
  const [image] = names as [LoadedImage]
  const { config } = image
  const tagged = Math.max(...names.map(({ updatedAt }) => updatedAt.getTime()))
  return {
    Id: image.id,
    RepoTags: unique(names.map(repoTag)),
    RepoDigests: unique(names.map(repoDigest)),
    Parent: '',
    Comment: config.history?.at(-1)?.comment ?? '',
    ...(config.created ? { Created: config.created } : {}),
    DockerVersion: '',
    Author: config.author ?? '',
    Config: containerConfig(config),
    Architecture: config.architecture,
    ...(config.variant ? { Variant: config.variant } : {}),
    Os: config.os,
    ...(config['os.version'] ? { OsVersion: config['os.version'] } : {}),
    Size: contentSize(image),
    GraphDriver: { Name: snapshotter, Data: null },
    RootFS: { Type: 'layers', Layers: config.rootfs.diff_ids },
    Metadata: { LastTagTime: new Date(tagged).toISOString() },
    Descriptor: image.target,
  }
}

/** The steps that made an image, newest first; only the first has an id and tags. */
export function historyView(names: readonly LoadedImage[]): ImageHistoryItem[] {
  const [image] = names as [LoadedImage]
  const tags = unique(names.map(repoTag))
  const layers = [...image.manifest.layers]
  const steps: readonly HistoryEntry[] = image.config.history ?? layers.map(() => ({}))
  const items = steps.map((entry) => ({
    Id: '<missing>',
    Created: seconds(entry.created),
    CreatedBy: entry.created_by ?? '',
    Tags: null as string[] | null,
    Size: entry.empty_layer ? 0 : (layers.shift()?.size ?? 0),
    Comment: entry.comment ?? '',
  }))
  const newestFirst = items.reverse()
  const [top] = newestFirst
  if (top) Object.assign(top, { Id: image.id, Tags: tags.length > 0 ? tags : null })
  return newestFirst
}
