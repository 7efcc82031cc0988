// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import {
  familiarName,
  familiarReference,
  formatReference,
  parseReference,
  type Reference,
  withDefaultTag,
} from '@teu/oci-spec/distribution'
import { danglingPrefix } from './image-records.ts'
import type { LoadedImage } from './loaded-image.ts'

/** What a reference led to: one image under all its names. */
export interface FoundImage {
  /** The name that it was found by, or any of its names when it was found by its id. */
  image: LoadedImage
  /** Whether the reference was an id or a part of one. */
  byId: boolean
  /** All names of the same image id, the found one among them. */
  names: LoadedImage[]
}

const idPattern = /^(?:sha256:)?([0-9a-f]{1,64})$/

/** Refuses the name `sha256`, with which `sha256:foo` would read as an id. */
export function checkNewName(reference: Reference): void {
  if (familiarName(reference) !== 'sha256') return
  const message = 'refusing to create an ambiguous tag using digest algorithm as name'
  throw new StackError('invalid-argument', message)
}

/** The name as containerd has it: full, with `latest` where there is no tag. */
export function storedName(reference: string): string {
  return formatReference(withDefaultTag(parseReference(reference)))
}

/** `busybox:latest` of a stored name that has a tag and no digest; undefined for others. */
export function repoTag(image: Pick<LoadedImage, 'name'>): string | undefined {
  if (image.name.startsWith(danglingPrefix)) return undefined
  const reference = parseReference(image.name)
  return reference.tag && !reference.digest ? familiarReference(reference) : undefined
}

/** `busybox@sha256:…` of a stored name; undefined for an image without one. */
export function repoDigest(image: Pick<LoadedImage, 'name' | 'target'>): string | undefined {
  if (image.name.startsWith(danglingPrefix)) return undefined
  return `${familiarName(parseReference(image.name))}@${image.target.digest}`
}

/** Whether a reference is a whole id, or says that it is one: it is then never a name. */
export function isId(reference: string): boolean {
  const hex = idPattern.exec(reference)?.[1]
  return hex !== undefined && (hex.length === 64 || reference.startsWith('sha256:'))
}

/** An error for a reference that leads to nothing, in Docker's words. */
export function noSuchImage(reference: string): StackError {
  if (idPattern.test(reference)) return new StackError('not-found', `No such image: ${reference}`)
  return new StackError('not-found', `No such image: ${familiarReference(withDefaultTag(parseReference(reference)))}`)
}

function found(image: LoadedImage, byId: boolean, all: readonly LoadedImage[]): FoundImage {
  return { image, byId, names: all.filter(({ id }) => id === image.id) }
}

/** The images whose id, manifest or index starts with a hex prefix, one for each id. */
function byPrefix(hex: string, all: readonly LoadedImage[]): LoadedImage[] {
  const starts = (digest: string) => digest.startsWith(`sha256:${hex}`)
  const matches = all.filter((image) => starts(image.id) || starts(image.target.digest))
  return [...new Map(matches.map((image) => [image.id, image])).values()]
}

function byName(reference: string, all: readonly LoadedImage[]): LoadedImage | undefined {
  const parsed = withDefaultTag(parseReference(reference))
  const exact = formatReference(parsed)
  const { digest } = parsed
  if (digest === undefined) return all.find(({ name }) => name === exact)
  const repository = familiarName(parsed)
  return all.find(
    (image) =>
      !image.name.startsWith(danglingPrefix) &&
      familiarName(parseReference(image.name)) === repository &&
      (image.target.digest === digest || image.manifestDescriptor.digest === digest),
  )
}

/**
 * Finds what a person means by `reference`: a whole id, then a name (with tag or digest, familiar or full), then a
 * part of an id. Undefined when nothing fits; `invalid-argument` for a part that fits several, or for what is neither
 * name nor id.
 */
export function findImage(reference: string, all: readonly LoadedImage[]): FoundImage | undefined {
  const hex = idPattern.exec(reference)?.[1]
  if (hex !== undefined && isId(reference)) {
    const [image] = byPrefix(hex, all)
    return image && found(image, true, all)
  }
  const named = byName(reference, all)
  if (named) return found(named, false, all)
  if (hex === undefined) return undefined
  const matches = byPrefix(hex, all)
  if (matches.length > 1) throw new StackError('invalid-argument', `image id ${reference} is ambiguous`)
  return matches[0] && found(matches[0], true, all)
}

/** {@link findImage}, or a rejection with `not-found`. */
export function requireImage(reference: string, all: readonly LoadedImage[]): FoundImage {
  const image = findImage(reference, all)
  if (!image) throw noSuchImage(reference)
  return image
}
