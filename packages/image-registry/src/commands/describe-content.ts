// SPDX-License-Identifier: Apache-2.0
import { type Descriptor, formatPlatform, type HistoryEntry, type ImageRunConfig } from '@teu/oci-spec/image'
import { type Image, platformOf } from '../image/image.ts'
import type { Content } from '../image/image-index.ts'

/** What there is to say about some content. @internal */
export interface Description {
  kind: Content['kind']
  digest: string
  mediaType: string
  /** Of everything that it consists of, each part once. */
  size: number
  artifactType?: string
  platform?: string
  created?: string
  annotations?: Record<string, string>
  subject?: string
  config?: ImageRunConfig
  layers?: { digest: string; mediaType: string; size: number; createdBy?: string }[]
  manifests?: Description[]
}

/** Describes content without reading its layers. @internal */
export function describeContent(content: Content): Description {
  const { descriptor } = content
  const about = content.kind === 'index' ? content.index : content.manifest
  return {
    kind: content.kind,
    digest: descriptor.digest,
    mediaType: descriptor.mediaType,
    size: [...partsOf(content).values()].reduce((sum, size) => sum + size, 0),
    ...(descriptor.artifactType ? { artifactType: descriptor.artifactType } : {}),
    ...(content.kind === 'image' ? imageFacts(content) : {}),
    ...(about.annotations ? { annotations: about.annotations } : {}),
    ...(about.subject ? { subject: about.subject.digest } : {}),
    ...(content.kind === 'artifact' ? { layers: content.manifest.layers.map(layerFacts) } : {}),
    ...(content.kind === 'index' ? { manifests: content.entries.map(describeContent) } : {}),
  }
}

/** Sizes by digest, so that what several images share counts once. */
function partsOf(content: Content): Map<string, number> {
  const { digest, size } = content.descriptor
  const nested =
    content.kind === 'index'
      ? content.entries.flatMap((entry) => [...partsOf(entry)])
      : [content.manifest.config, ...content.manifest.layers].map((part) => [part.digest, part.size] as const)
  return new Map<string, number>([[digest, size], ...nested])
}

function imageFacts({ config, manifest }: Image): Partial<Description> {
  const made = (config.history ?? []).filter((entry) => !entry.empty_layer)
  return {
    platform: formatPlatform(platformOf(config)),
    ...(config.created ? { created: config.created } : {}),
    ...(config.config ? { config: config.config } : {}),
    layers: manifest.layers.map((layer, i) => ({ ...layerFacts(layer), ...historyFacts(made[i]) })),
  }
}

function layerFacts({ digest, mediaType, size }: Descriptor) {
  return { digest, mediaType, size }
}

function historyFacts(entry: HistoryEntry | undefined): { createdBy?: string } {
  return entry?.created_by ? { createdBy: entry.created_by } : {}
}
