// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { maximumProgramSize, type Pattern, parsePattern } from './pattern.ts'
import { FilterScanner } from './scanner.ts'

/**
 * How a filter looks at an object: the value of the field at a path such as `['labels', 'a.b/c']`, or undefined when
 * the object has none.
 *
 * @public
 */
export type FieldLookup = (path: readonly string[]) => string | undefined

/** One condition of a filter, as it is written. @public */
export interface FilterCondition {
  readonly path: readonly string[]
  /** Empty for a field that only has to be there. */
  readonly operator: '' | '==' | '!=' | '~='
  /** Empty without an operator. */
  readonly value: string
}

/** A parsed list of filters. @public */
export interface Filter {
  /**
   * The conditions of each filter, for whom it is cheaper to look up what may match than to look at everything. Empty
   * when everything is admitted.
   */
  readonly alternatives: readonly (readonly FilterCondition[])[]
  /**
   * Whether the object that `lookup` reads is admitted.
   *
   * @throws `resource-exhausted` for a field that is too long to be matched with one of the patterns
   */
  matches(lookup: FieldLookup): boolean
}

interface Condition extends FilterCondition {
  holds(lookup: FieldLookup): boolean
}

/** Admits everything: what no filter at all means. @public */
export const always: Filter = { alternatives: [], matches: () => true }

/** The most filters that one request may hold. */
const maximumFilters = 1024

/** The most characters that one filter may have. */
const maximumLength = 16 * 1024

/**
 * Parses filters as containerd writes them. An object is admitted when any one of them admits it. Within one, the
 * conditions stand between commas and all have to hold: `field` (is present), `field==value`, `field!=value`,
 * `field~=pattern`. A part of a field may be quoted: `labels."a.b/c"==x`; a pattern may stand between `|` or `/`.
 *
 * @throws `invalid-argument` for text that is not a filter, a pattern that is not a regular expression or too large
 * (`compilePattern`), more than 1,024 filters, one of more than 16,384 characters, or patterns that together come to
 * more than 2,000 instructions
 * @public
 */
export function parseFilters(filters: readonly string[]): Filter {
  if (filters.length === 0) return always
  if (filters.length > maximumFilters)
    throw new StackError('invalid-argument', `more than ${maximumFilters} filters: invalid argument`)
  let size = 0
  const compile = (source: string): Pattern => {
    const pattern = parsePattern(source)
    size += pattern.size
    if (size > maximumProgramSize)
      throw new StackError('invalid-argument', 'regular expressions of the filters are too large: invalid argument')
    return pattern
  }
  const alternatives = filters.map((text) => parseOne(text, compile))
  return {
    alternatives,
    matches: (lookup) => alternatives.some((conditions) => conditions.every(({ holds }) => holds(lookup))),
  }
}

function parseOne(text: string, compile: (source: string) => Pattern): Condition[] {
  if (text.length > maximumLength)
    throw new StackError('invalid-argument', `filter of ${text.length} characters is too long: invalid argument`)
  // An empty filter has no condition, so it admits everything.
  if (text === '') return []
  const scanner = new FilterScanner(text)
  const conditions: Condition[] = []
  do conditions.push(condition(scanner, compile))
  while (scanner.accept(','))
  if (!scanner.done) throw scanner.fail('unexpected input')
  return conditions
}

function condition(scanner: FilterScanner, compile: (source: string) => Pattern): Condition {
  const path = [scanner.field()]
  while (scanner.accept('.')) path.push(scanner.field())
  const operator = scanner.operator()
  if (operator === '==') {
    const value = scanner.value(false)
    return { path, operator, value, holds: (lookup) => lookup(path) === value }
  }
  if (operator === '!=') {
    const value = scanner.value(false)
    return { path, operator, value, holds: (lookup) => (lookup(path) ?? '') !== value }
  }
  if (operator === '~=') {
    const value = scanner.value(true)
    const pattern = compile(value)
    return { path, operator, value, holds: (lookup) => pattern.matches(lookup(path) ?? '') }
  }
  if (operator !== '') throw scanner.fail(`unsupported operator ${operator}`)
  return { path, operator, value: '', holds: (lookup) => lookup(path) !== undefined }
}
