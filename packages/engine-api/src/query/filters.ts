// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/** Filters by name; the values of one name are alternatives. @public */
export type Filters = Readonly<Record<string, readonly string[]>>

/**
 * Reads a `filters` query. Both forms in use parse: `{"label":{"a=b":true}}` and `{"label":["a=b"]}`. Throws
 * `invalid-argument` for anything else. A map entry set to false counts as absent.
 *
 * @public
 */
export function decodeFilters(text: string | undefined): Filters {
  if (text === undefined || text === '') return {}
  const filters: Record<string, string[]> = Object.create(null)
  for (const [name, values] of Object.entries(parseObject(text))) filters[name] = valuesOf(values)
  return filters
}

/** Writes filters in the map form, which every server version reads; undefined when there is none. @public */
export function encodeFilters(filters: Filters | undefined): string | undefined {
  const entries = Object.entries(filters ?? {})
  if (entries.length === 0) return undefined
  return JSON.stringify(
    Object.fromEntries(entries.map(([name, values]) => [name, Object.fromEntries(values.map((v) => [v, true]))])),
  )
}

/** Throws `invalid-argument` (`invalid filter 'x'`) for the first name that is not among `accepted`. @public */
export function checkFilters(filters: Filters, accepted: readonly string[]): void {
  const unknown = Object.keys(filters).find((name) => !accepted.includes(name))
  if (unknown !== undefined) throw new StackError('invalid-argument', `invalid filter '${unknown}'`)
}

/**
 * Whether labels satisfy `label` filters: every `key` must be there, every `key=value` must be equal. Unlike other
 * filters, several labels must all match.
 *
 * @public
 */
export function matchesLabels(
  filters: readonly string[] | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  return (filters ?? []).every((filter) => {
    const at = filter.indexOf('=')
    const key = at < 0 ? filter : filter.slice(0, at)
    if (!Object.hasOwn(labels, key)) return false
    return at < 0 || labels[key] === filter.slice(at + 1)
  })
}

/**
 * Whether labels satisfy both `label` and `label!` filters of a prune: all of the first must be there, none of the
 * second. So one `label!` is enough to keep a thing.
 *
 * @public
 */
export function matchesLabelFilters(filters: Filters, labels: Readonly<Record<string, string>>): boolean {
  const { label, 'label!': without = [] } = filters
  return matchesLabels(label, labels) && !without.some((filter) => matchesLabels([filter], labels))
}

/**
 * Reads a boolean filter; undefined when it is not given. Throws `invalid-argument` for other values than `true`,
 * `1`, `false` and `0`, and for both at once.
 *
 * @public
 */
export function booleanFilter(filters: Filters, key: string): boolean | undefined {
  const values = filters[key] ?? []
  if (values.length === 0) return undefined
  if (values.every((value) => value === 'true' || value === '1')) return true
  if (values.every((value) => value === 'false' || value === '0')) return false
  throw new StackError('invalid-argument', `invalid filter '${key}=[${values.join(' ')}]'`)
}

function parseObject(text: string): object {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid()
  return value
}

function valuesOf(values: unknown): string[] {
  if (Array.isArray(values)) {
    if (!values.every((value) => typeof value === 'string')) throw invalid()
    return values
  }
  if (typeof values !== 'object' || values === null) throw invalid()
  return Object.entries(values)
    .filter(([, wanted]) => wanted === true)
    .map(([value]) => value)
}

function invalid(): StackError {
  return new StackError('invalid-argument', 'invalid filter')
}
