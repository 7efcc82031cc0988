// SPDX-License-Identifier: Apache-2.0
import { equalsAny, order } from './compare.ts'
import { printValue, sprint, sprintf, sprintln } from './print.ts'
import { isMap, isTrue, Nil, Struct, typeName } from './values.ts'

/** A function that templates may call by name. */
export type TemplateFunction = (...parameters: unknown[]) => unknown

// Not yet in the types of the standard library.
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }

/**
 * `value` as JSON the way docker's templates write it: as it is, but a row of a list (which marshals itself) with
 * `<`, `>` and `&` escaped.
 */
export function toJson(value: unknown): string {
  const exact = (_: string, entry: unknown) => (typeof entry === 'bigint' ? rawJSON(String(entry)) : entry)
  const json = JSON.stringify(value ?? null, exact)
  return value instanceof Struct ? json.replace(/[<>&\u2028\u2029]/g, lowerUnicodeEscape) : json
}

function lowerUnicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

const text = (value: unknown): string => {
  if (typeof value !== 'string') throw new Error(`wrong type for value; expected string; got ${typeName(value)}`)
  return value
}

const whole = (value: unknown): number => {
  if (typeof value !== 'number' && typeof value !== 'bigint') {
    throw new Error(`wrong type for value; expected int; got ${typeName(value)}`)
  }
  return Number(value)
}

/** The functions of docker's templates. */
const dockerFunctions: Record<string, TemplateFunction> = {
  json: toJson,
  split: (value, separator) => text(value).split(text(separator)),
  join: (values, separator) => join(values, text(separator)),
  title: (value) =>
    text(value).replace(/(^|[^\p{L}\p{N}_])(\p{L})/gu, (_, before, letter: string) => before + letter.toUpperCase()),
  lower: (value) => text(value).toLowerCase(),
  upper: (value) => text(value).toUpperCase(),
  pad: (value, before, after) =>
    text(value) === '' ? '' : ' '.repeat(whole(before)) + text(value) + ' '.repeat(whole(after)),
  truncate: (value, length) => text(value).slice(0, whole(length)),
}

function join(values: unknown, separator: string): string {
  if (values === null || values === undefined || values instanceof Nil) return ''
  if (Array.isArray(values)) return values.map(printValue).join(separator)
  if (isMap(values)) {
    const sorted = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))
    return sorted.map(([, value]) => printValue(value)).join(separator)
  }
  throw new Error(`expected slice, got ${typeName(values)}`)
}

/** The functions of Go's text/template; `and`, `or` and `call` are evaluated elsewhere, as they choose what runs. */
const goFunctions: Record<string, TemplateFunction> = {
  not: (value) => !isTrue(value),
  eq: (first, ...others) => equalsAny(first, others),
  ne: (a, b) => !equalsAny(a, [b]),
  lt: (a, b) => order(a, b) < 0,
  le: (a, b) => order(a, b) <= 0,
  gt: (a, b) => order(a, b) > 0,
  ge: (a, b) => order(a, b) >= 0,
  len: length,
  index: (value, ...keys) => keys.reduce(indexOnce, value),
  slice,
  print: (...values) => sprint(values),
  printf: (format, ...values) => sprintf(text(format), values),
  println: (...values) => sprintln(values),
  html: (...values) => sprint(values).replace(/[&<>"'\0]/g, (c) => htmlEscapes[c] as string),
  js: (...values) => sprint(values).replace(/[\\'"<>&=\n\r\t]/g, (c) => jsEscapes[c] ?? unicodeEscape(c)),
  urlquery: (...values) =>
    encodeURIComponent(sprint(values))
      .replaceAll('%20', '+')
      .replace(/[!'()*]/g, percent),
}

const htmlEscapes: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
  '\0': '\ufffd',
}

const jsEscapes: Record<string, string> = { '\\': '\\\\', "'": "\\'", '"': '\\"' }

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}

function length(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (Array.isArray(value)) return value.length
  if (value instanceof Nil && value.kind !== 'pointer') return 0
  if (isMap(value)) return Object.keys(value).length
  if (value === null || value === undefined) throw new Error('len of nil pointer')
  throw new Error(`len of type ${typeName(value)}`)
}

function indexOnce(value: unknown, key: unknown): unknown {
  if (value === null || value === undefined || value instanceof Nil) throw new Error('index of untyped nil')
  if (Array.isArray(value)) {
    const position = whole(key)
    if (position < 0 || position >= value.length) throw new Error(`index out of range: ${position}`)
    return value[position]
  }
  if (isMap(value)) return Object.hasOwn(value, text(key)) ? value[text(key)] : ''
  if (typeof value === 'string') return Buffer.from(value)[whole(key)]
  throw new Error(`can't index item of type ${typeName(value)}`)
}

function slice(value: unknown, ...bounds: unknown[]): unknown {
  if (typeof value !== 'string' && !Array.isArray(value)) throw new Error(`can't slice item of type ${typeName(value)}`)
  const [start = 0, end = length(value)] = bounds.map(whole)
  for (const bound of [start, end]) {
    if (bound < 0 || bound > length(value)) throw new Error(`index out of range: ${bound}`)
  }
  if (start > end) throw new Error(`invalid slice index: ${start} > ${end}`)
  return Array.isArray(value) ? value.slice(start, end) : Buffer.from(value).subarray(start, end).toString()
}

/** The types of parameters that functions insist on; others take any value. */
export const parameterTypes: Readonly<Record<string, readonly ('string' | 'int' | undefined)[]>> = {
  split: ['string', 'string'],
  join: [undefined, 'string'],
  title: ['string'],
  lower: ['string'],
  upper: ['string'],
  pad: ['string', 'int', 'int'],
  truncate: ['string', 'int'],
  printf: ['string'],
}

/** Functions that take more arguments than they name. */
export const variadicFunctions: ReadonlySet<string> = new Set(
  'and call eq html index js or print printf println slice urlquery'.split(' '),
)

/** Every function by name. */
export const templateFunctions: Readonly<Record<string, TemplateFunction>> = { ...goFunctions, ...dockerFunctions }

/** Names that the parser accepts as functions. */
export const functionNames: ReadonlySet<string> = new Set([...Object.keys(templateFunctions), 'and', 'or', 'call'])

const same = (value: unknown) => value

/** What the functions do to a column's title: those that would change its letters leave it alone. */
export const headerFunctions: Readonly<Record<string, TemplateFunction>> = {
  ...templateFunctions,
  json: same,
  title: same,
  lower: same,
  upper: same,
  truncate: same,
}
