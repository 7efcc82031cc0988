// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { Reference } from '@teu/oci-spec/distribution'
import {
  choosePlatform,
  type Descriptor,
  type ImageConfig,
  isForeignLayerType,
  type Manifest,
  type Platform,
  parseImageConfig,
  parseManifest,
} from '@teu/oci-spec/image'
import {
  checkDocumentSize,
  ensureContent,
  hasContent,
  indexLabels,
  manifestLabels,
  once,
  sourceLabel,
  type Transfer,
} from '../content.ts'
import type { ImageContext } from '../image-context.ts'
import { readDocument } from '../loaded-image.ts'
import type { RegistrySource } from '../registry-source.ts'

/** How deep indexes may nest. */
const maximumDepth = 4

/** Where an image comes from, for one pull. */
export interface PullSource {
  source: RegistrySource
  reference: Reference
  platform: Platform
}

/** The documents of an image: what is left are its layers. */
export interface FetchedImage {
  manifestDescriptor: Descriptor
  manifest: Manifest
  config: ImageConfig
  /** Whether the config was here before: then this image was pulled or loaded once. */
  known: boolean
}

/** A manifest's bytes: from the store when it has them, else from the registry. */
async function document(
  context: ImageContext,
  { source, reference }: PullSource,
  descriptor: Descriptor,
  { lease, signal }: Transfer,
): Promise<Uint8Array> {
  if (await hasContent(context, descriptor, signal)) return readDocument(context, descriptor.digest, { lease, signal })
  return source.manifest(reference, descriptor, { signal })
}

async function fetchManifest(
  context: ImageContext,
  pull: PullSource,
  descriptor: Descriptor,
  transfer: Transfer,
  depth = 0,
): Promise<{ descriptor: Descriptor; manifest: Manifest }> {
  checkDocumentSize(descriptor)
  const body = await document(context, pull, descriptor, transfer)
  const parsed = parseManifest(body, descriptor.mediaType)
  const labels = parsed.kind === 'index' ? indexLabels(parsed.index) : manifestLabels(parsed.manifest)
  await ensureContent(context, descriptor, once(body), { ...sourceLabel(pull.reference), ...labels }, transfer)
  if (parsed.kind === 'manifest') return { descriptor, manifest: parsed.manifest }
  if (depth >= maximumDepth)
    throw new StackError('invalid-argument', `image index ${descriptor.digest} nests too deeply`)
  const chosen = choosePlatform(parsed.index.manifests, pull.platform)
  return fetchManifest(context, pull, chosen, transfer, depth + 1)
}

/** Brings the manifests from `root` down to this platform's, and the config, into the content store. */
export async function fetchDocuments(
  context: ImageContext,
  pull: PullSource,
  root: Descriptor,
  transfer: Transfer,
): Promise<FetchedImage> {
  const { descriptor, manifest } = await fetchManifest(context, pull, root, transfer)
  const { source, reference } = pull
  checkDocumentSize(manifest.config)
  const blob = (offset: bigint) =>
    source.blob(reference, manifest.config, { signal: transfer.signal, offset: Number(offset) })
  const known = await ensureContent(context, manifest.config, blob, sourceLabel(reference), transfer)
  const config = parseImageConfig(await readDocument(context, manifest.config.digest, transfer))
  return { manifestDescriptor: descriptor, manifest, config, known }
}

/** Whether a layer has to come from elsewhere than the registry, which this engine does not do. */
export function isForeign(layer: Descriptor): boolean {
  return isForeignLayerType(layer.mediaType)
}
