// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { parseBoundedJson } from './bounded-json.ts'
import type { ImageConfig } from './image-config.ts'
import type { Index, Manifest } from './manifest.ts'
import { isIndexType, isManifestType, isSchema1Type, mediaTypes } from './media-types.ts'
import { validateImageConfig, validateIndex, validateManifest } from './validate.ts'

/** What the bytes under a tag turned out to be, and the media type that they go by. @public */
export type ParsedManifest =
  | { kind: 'manifest'; mediaType: string; manifest: Manifest }
  | { kind: 'index'; mediaType: string; index: Index }

/**
 * Reads a manifest or an index, whichever it is. `mediaType` is what its sender called it, a Content-Type or the media
 * type of a descriptor: the body must not say anything else. Without it the body's own `mediaType` decides, then what it has.
 *
 * Throws `invalid-argument` for a body that is neither, both, of another type than announced, of Docker's first
 * schema, nested deeper than 64, of more than 65,536 values, or with more than {@link maximumDescriptors} layers or
 * manifests; `resource-exhausted` above 4 MiB.
 *
 * @public
 */
export function parseManifest(body: Uint8Array, mediaType?: string): ParsedManifest {
  const value = parseBoundedJson(body, 'manifest')
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new StackError('invalid-argument', 'manifest is not a JSON object')
  }
  const type = typeOf(value, mediaType)
  if (isIndexType(type)) return { kind: 'index', mediaType: type, index: validateIndex(value) }
  return { kind: 'manifest', mediaType: type, manifest: validateManifest(value) }
}

function typeOf(value: object, announced: string | undefined): string {
  const own = 'mediaType' in value && typeof value.mediaType === 'string' ? value.mediaType : ''
  const known = announced !== undefined && isKnown(announced)
  if (known && own !== '' && own !== announced) {
    throw new StackError(
      'invalid-argument',
      `mediaType ${JSON.stringify(own.slice(0, 128))} is not the announced ${announced}`,
    )
  }
  const type = known ? announced : own || guess(value)
  if (isSchema1Type(type)) throw new StackError('invalid-argument', 'schema 1 manifests are not supported')
  if (isKnown(type)) return type
  throw new StackError('invalid-argument', `unsupported manifest media type ${JSON.stringify(type.slice(0, 128))}`)
}

function isKnown(type: string): boolean {
  return isIndexType(type) || isManifestType(type) || isSchema1Type(type)
}

function guess(value: object): string {
  if ('fsLayers' in value) return mediaTypes.dockerSchema1
  return 'manifests' in value ? mediaTypes.ociIndex : mediaTypes.ociManifest
}

/** Reads an image configuration; throws as {@link parseManifest}. @public */
export function parseImageConfig(body: Uint8Array): ImageConfig {
  return validateImageConfig(parseBoundedJson(body, 'image configuration'))
}
