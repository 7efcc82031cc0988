// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import {
  dictionary,
  flag,
  int64,
  integer,
  list,
  nonEmptyText,
  object,
  oneOf,
  type Shape,
  text,
  violation,
} from '../shape/shape.ts'
import type { Descriptor } from './descriptor.ts'
import { digestShape } from './digest.ts'
import type { Healthcheck, HistoryEntry, ImageConfig, ImageRunConfig, RootFs } from './image-config.ts'
import type { Index, Manifest } from './manifest.ts'
import type { Platform } from './platform.ts'

/** Manifests, indexes and configurations above this many bytes (4 MiB) are refused everywhere. @public */
export const maximumManifestSize = 4 * 1024 * 1024

/**
 * Layers of a manifest, manifests of an index, and diff ids of a configuration above this number are refused everywhere:
 * a server looks each of them up.
 *
 * @public
 */
export const maximumDescriptors = 4096

const descriptors = <T>(item: Shape<T>) => list(item, 0, maximumDescriptors)

const platform = object<Platform>(['architecture', 'os'], {
  architecture: text,
  os: text,
  'os.version': text,
  'os.features': list(text),
  variant: text,
})

/** The grammar of RFC 6838, section 4.2. */
const mediaType: Shape<string> = (value, path) => {
  const result = nonEmptyText(value, path)
  if (!/^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/.test(result)) {
    throw violation(path, `invalid media type ${JSON.stringify(result.slice(0, 64))}`)
  }
  return result
}

/** Docker leaves out the `mediaType` of some things by writing an empty string. */
const mediaTypeOrEmpty: Shape<string> = (value, path) => (value === '' ? '' : mediaType(value, path))

const descriptor: Shape<Descriptor> = object<Descriptor>(['mediaType', 'digest', 'size'], {
  mediaType,
  digest: digestShape,
  size: integer(0, Number.MAX_SAFE_INTEGER),
  urls: list(text),
  annotations: dictionary(text),
  data: text,
  artifactType: mediaTypeOrEmpty,
  platform,
})

const schemaVersion: Shape<2> = (value, path) => {
  if (value !== 2) throw violation(path, 'must be 2')
  return 2
}

const manifest = object<Manifest>(['schemaVersion', 'config', 'layers'], {
  schemaVersion,
  mediaType: mediaTypeOrEmpty,
  artifactType: mediaTypeOrEmpty,
  config: descriptor,
  layers: descriptors(descriptor),
  subject: descriptor,
  annotations: dictionary(text),
})

const index = object<Index>(['schemaVersion', 'manifests'], {
  schemaVersion,
  mediaType: mediaTypeOrEmpty,
  artifactType: mediaTypeOrEmpty,
  manifests: descriptors(descriptor),
  subject: descriptor,
  annotations: dictionary(text),
})

const marker: Shape<object> = (value, path) => {
  if (value === null) return {}
  return dictionary((entry) => entry)(value, path)
}

const healthcheck = object<Healthcheck>([], {
  Test: list(text),
  Interval: int64,
  Timeout: int64,
  StartPeriod: int64,
  StartInterval: int64,
  Retries: int64,
})

const runConfig = object<ImageRunConfig>([], {
  User: text,
  ExposedPorts: dictionary(marker),
  Env: list(text),
  Entrypoint: list(text),
  Cmd: list(text),
  Volumes: dictionary(marker),
  WorkingDir: text,
  Labels: dictionary(text),
  StopSignal: text,
  ArgsEscaped: flag,
  Healthcheck: healthcheck,
  OnBuild: list(text),
  Shell: list(text),
})

const rootFs = object<RootFs>(['type', 'diff_ids'], {
  type: oneOf(['layers'] as const),
  diff_ids: descriptors(digestShape),
})

const imageConfig = object<ImageConfig>(['architecture', 'os', 'rootfs'], {
  created: text,
  author: text,
  architecture: text,
  variant: text,
  os: text,
  'os.version': text,
  'os.features': list(text),
  config: runConfig,
  // An image without layers may come with a list that Go wrote as null.
  rootfs: (value, path) => rootFs(withDiffIds(value), path),
  history: list(
    object<HistoryEntry>([], { created: text, author: text, created_by: text, comment: text, empty_layer: flag }),
  ),
})

function withDiffIds(value: unknown): unknown {
  const hasNone = typeof value === 'object' && value !== null && (value as Partial<RootFs>).diff_ids == null
  return hasNone ? { ...value, diff_ids: [] } : value
}

/** Checks a parsed descriptor; throws `invalid-argument` with the JSON path of what is wrong. @public */
export function validateDescriptor(value: unknown): Descriptor {
  return descriptor(value, '')
}

/**
 * Checks a parsed image manifest, of OCI's or Docker's second schema. Refused with `invalid-argument`: missing or
 * wrongly typed properties, digests outside the grammar, and a body that could also be read as an index.
 *
 * @public
 */
export function validateManifest(value: unknown): Manifest {
  refuseAmbiguous(value, ['manifests', 'fsLayers'])
  return manifest(value, '')
}

/** The same for an index or a manifest list. @public */
export function validateIndex(value: unknown): Index {
  refuseAmbiguous(value, ['layers', 'config', 'fsLayers'])
  return index(value, '')
}

/** Checks a parsed image configuration; throws `invalid-argument` with the JSON path of what is wrong. @public */
export function validateImageConfig(value: unknown): ImageConfig {
  return imageConfig(value, '')
}

/** Throws `invalid-argument` when an image's configuration and manifest disagree about the number of layers. @public */
export function checkLayerCount(config: ImageConfig, manifest: Manifest): void {
  const [listed, described] = [manifest.layers.length, config.rootfs.diff_ids.length]
  if (listed === described) return
  throw new StackError(
    'invalid-argument',
    `layers from manifest don't match image configuration: ${listed} layers, ${described} diff ids`,
  )
}

const decisive = ['schemaversion', 'mediatype', 'manifests', 'layers', 'config', 'fslayers', 'subject']

/**
 * Go reads keys without regard to case, so `Manifests` beside `layers` would be an index to it and a manifest to us:
 * any spelling but the exact one of a key that decides what a body is makes it ambiguous.
 */
function refuseAmbiguous(value: unknown, foreign: readonly string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return
  for (const key of Object.keys(value)) {
    if (foreign.includes(key)) throw violation('', `ambiguous manifest: has ${key}`)
    const lower = key.toLowerCase()
    if (decisive.includes(lower) && !exact.has(key))
      throw violation('', `ambiguous manifest: has ${JSON.stringify(key)}`)
  }
}

const exact = new Set(['schemaVersion', 'mediaType', 'manifests', 'layers', 'config', 'fsLayers', 'subject'])
