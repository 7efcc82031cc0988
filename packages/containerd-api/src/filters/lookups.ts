// SPDX-License-Identifier: Apache-2.0
import type { FieldLookup } from './filter.ts'

/** What a lookup can be made of: texts, and maps of texts such as labels. @public */
export interface FilterableFields {
  readonly [field: string]: string | undefined | Readonly<Record<string, string>>
}

/**
 * Looks fields up in a plain object. A map is reached by one more step, which may hold dots: `labels."a.b"` and
 * `labels.a.b` mean the same. An empty text counts as absent.
 *
 * @public
 */
export function lookupIn(fields: FilterableFields): FieldLookup {
  return (path) => {
    const [first = '', ...rest] = path
    const joined = path.join('.')
    if (Object.hasOwn(fields, joined)) {
      const value = fields[joined]
      if (typeof value !== 'object') return value || undefined
    }
    const map = Object.hasOwn(fields, first) ? fields[first] : undefined
    if (typeof map !== 'object' || rest.length === 0) return undefined
    const key = rest.join('.')
    return Object.hasOwn(map, key) ? map[key] : undefined
  }
}
