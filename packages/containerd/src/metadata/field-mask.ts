// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { Labels } from './values.ts'

/**
 * `current` with the fields of `next` that `paths` name: `map` for the whole of it, `map.KEY` for one entry, whose
 * empty value removes it. The key is everything after the first dot.
 *
 * @returns undefined when no path is about this map
 */
export function mergeMap<V>(
  current: Readonly<Record<string, V>>,
  next: Readonly<Record<string, V>>,
  paths: readonly string[],
  field: string,
  isEmpty: (value: V | undefined) => boolean,
): Record<string, V> | undefined {
  if (paths.includes(field)) return { ...next }
  const keys = paths.filter((path) => path.startsWith(`${field}.`)).map((path) => path.slice(field.length + 1))
  if (keys.length === 0) return undefined
  const merged = new Map(Object.entries(current))
  for (const key of keys) {
    const value = Object.hasOwn(next, key) ? next[key] : undefined
    if (isEmpty(value)) merged.delete(key)
    else merged.set(key, value as V)
  }
  return Object.fromEntries(merged)
}

/** {@link mergeMap} for labels, which also is what no path at all means. */
export function mergeLabels(current: Labels, next: Labels, paths: readonly string[]): Labels {
  if (paths.length === 0) return { ...next }
  return mergeMap(current, next, paths, 'labels', (value) => value === undefined || value === '') ?? current
}

/**
 * Checks that only labels are changed, for objects where nothing else can.
 *
 * @throws `invalid-argument` that names the path and the object
 */
export function onlyLabels(paths: readonly string[], what: string): void {
  const other = paths.find((path) => path !== 'labels' && !path.startsWith('labels.'))
  if (other !== undefined) throw invalidPath(other, what)
}

/** The error of a path that cannot be updated. */
export function invalidPath(path: string, what: string): StackError {
  return new StackError('invalid-argument', `cannot update "${path}" field on ${what}: invalid argument`)
}
