// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/**
 * Turns a parsed JSON value into a `T`. Decoding is as lenient as the original's: keys match in any case, `null` is
 * absent, unknown keys are ignored; and as strict: a value of another JSON type is `invalid-argument`.
 *
 * @public
 */
export type Decoder<T> = (value: unknown, path: string) => T

/** A string. @public */
export const text: Decoder<string> = (value, path) => {
  if (value === null) return ''
  if (typeof value !== 'string') throw mismatch(value, path, 'string')
  return value
}

/** A boolean. @public */
export const bool: Decoder<boolean> = (value, path) => {
  if (value === null) return false
  if (typeof value !== 'boolean') throw mismatch(value, path, 'bool')
  return value
}

/** A whole number that a double holds exactly: refusing the rest beats rounding a limit without a word. @public */
export const integer: Decoder<number> = (value, path) => {
  if (value === null) return 0
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw mismatch(value, path, 'int64')
  return value
}

/** A JSON object whose content does not matter. @public */
export const emptyObject: Decoder<Record<string, never>> = (value, path) => {
  if (value !== null && (typeof value !== 'object' || Array.isArray(value))) throw mismatch(value, path, 'struct {}')
  return {}
}

/** An array. @public */
export function list<T>(item: Decoder<T>): Decoder<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw mismatch(value, path, '[]')
    return value.map((element) => item(element, path))
  }
}

/** An array of strings, or one string that means an array of it. @public */
export const words: Decoder<string[]> = (value, path) => (typeof value === 'string' ? [value] : list(text)(value, path))

/** An object with free keys; its keys are data, `__proto__` too. @public */
export function record<T>(item: Decoder<T>): Decoder<Record<string, T>> {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw mismatch(value, path, 'map')
    return Object.fromEntries(Object.entries(value).map(([key, element]) => [key, item(element, path)]))
  }
}

/** A value that may be null and stays so. @public */
export function nullable<T>(item: Decoder<T>): Decoder<T | null> {
  return (value, path) => (value === null ? null : item(value, path))
}

/** The decoders of an object's fields: one for each, so that a type and its decoder cannot drift apart. @public */
export type Fields<T> = { readonly [K in keyof T]-?: Decoder<Exclude<T[K], undefined | null>> }

/** An object with known keys. The last of several spellings of a key wins, as in the original. @public */
export function struct<T extends object>(name: string, fields: Fields<T>): Decoder<T> {
  const byLowerCase = new Map(Object.keys(fields).map((key) => [key.toLowerCase(), key as keyof T & string]))
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw mismatch(value, path, name)
    const result: Partial<T> = {}
    for (const [key, element] of Object.entries(value)) {
      const field = byLowerCase.get(key.toLowerCase())
      if (field === undefined || element === null) continue
      result[field] = (fields[field] as Decoder<T[keyof T & string]>)(element, `${name}.${field}`)
    }
    return result as T
  }
}

/** One object that is several side by side: each decoder takes its own keys. @public */
export function both<A, B>(first: Decoder<A>, second: Decoder<B>): Decoder<A & B> {
  return (value, path) => ({ ...first(value, path), ...second(value, path) })
}

function mismatch(value: unknown, path: string, wanted: string): StackError {
  const kind = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value
  const shown = typeof value === 'number' && wanted === 'int64' ? `number ${value}` : kind === 'boolean' ? 'bool' : kind
  const where = path === '' ? 'Go value' : `Go struct field ${path}`
  return new StackError(
    'invalid-argument',
    `invalid JSON: json: cannot unmarshal ${shown} into ${where} of type ${wanted}`,
  )
}
