// SPDX-License-Identifier: Apache-2.0
import { booleanFilter, matchesLabelFilters } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { familiarName, familiarReference, parseReference } from '@teu/oci-spec/distribution'
import type { LoadedImage } from './loaded-image.ts'
import { namePattern } from './name-pattern.ts'
import { repoTag, requireImage } from './names.ts'

/** Filters as the query carries them: a list of values for each key. */
export type Filters = Readonly<Record<string, readonly string[]>>

const known = ['before', 'dangling', 'label', 'label!', 'reference', 'since', 'until']

function refuseUnknown(filters: Filters): void {
  const key = Object.keys(filters).find((name) => !known.includes(name))
  if (key !== undefined) throw new StackError('invalid-argument', `invalid filter '${key}'`)
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** A time of `until`: seconds since 1970, RFC 3339, or how long ago (`10m`, `1h30m`). Milliseconds since 1970. */
function timeOf(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000
  if (/^(\d+(ms|s|m|h))+$/.test(text)) {
    const parts = text.matchAll(/(\d+)(ms|s|m|h)/g)
    return (
      Date.now() - [...parts].reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit as string] ?? 0), 0)
    )
  }
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw new StackError('invalid-argument', `invalid filter 'until=[${text}]'`)
  return time
}

/** Whether a name fits a pattern: with its tag, without it, or only its last part, as docker does. */
function referenceMatches(image: LoadedImage, pattern: (name: string) => boolean): boolean {
  if (repoTag(image) === undefined) return false
  const reference = parseReference(image.name)
  const candidates = [familiarReference(reference), familiarName(reference)]
  return candidates.some(pattern)
}

const createdAt = (image: LoadedImage): number => {
  const time = Date.parse(image.config.created ?? '')
  return Number.isNaN(time) ? 0 : time
}

/**
 * Picks the images that filters let through, name by name. An unknown key is `invalid-argument`; an image named in
 * `before` or `since` that does not exist is `not-found`.
 */
export function filterImages(all: readonly LoadedImage[], filters: Filters): LoadedImage[] {
  refuseUnknown(filters)
  const dangling = booleanFilter(filters, 'dangling')
  const before = (filters.before ?? []).map((name) => createdAt(requireImage(name, all).image))
  const since = (filters.since ?? []).map((name) => createdAt(requireImage(name, all).image))
  const until = (filters.until ?? []).map(timeOf)
  const references = (filters.reference ?? []).map(namePattern)
  const labelsOf = (image: LoadedImage) => image.config.config?.Labels ?? {}
  const tagged = new Set(all.filter((image) => repoTag(image) !== undefined).map(({ id }) => id))
  return all.filter(
    (image) =>
      (dangling === undefined || dangling !== tagged.has(image.id)) &&
      matchesLabelFilters(filters, labelsOf(image)) &&
      (references.length === 0 || references.some((pattern) => referenceMatches(image, pattern))) &&
      before.every((time) => createdAt(image) < time) &&
      since.every((time) => createdAt(image) > time) &&
      until.every((time) => createdAt(image) < time),
  )
}

/** Groups names by image id, in the order in which the ids first appear. */
export function byId(images: readonly LoadedImage[]): LoadedImage[][] {
  return [...Map.groupBy(images, ({ id }) => id).values()]
}
