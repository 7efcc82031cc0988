// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/**
 * Turns an untrusted JSON value into a `T`, or throws `invalid-argument` with the JSON path of what is wrong.
 * A `null` counts as absent, because Go writes empty lists and maps so; properties no shape names are kept untouched.
 *
 * @internal
 */
export type Shape<T> = (value: unknown, path: string) => T

/** Keys of `T` that may not be left out. @internal */
export type RequiredKeys<T> = { [K in keyof T]-?: undefined extends T[K] ? never : K }[keyof T]

/** A shape for every property of `T`. @internal */
export type Fields<T> = { [K in keyof T]-?: Shape<NonNullable<T[K]>> }

/** The error of a value at `path` that is not what the specification says. @internal */
export function violation(path: string, problem: string): StackError {
  return new StackError('invalid-argument', path === '' ? problem : `${path}: ${problem}`)
}

/** How a wrong value is named in messages: its type, never its content, which may be large or secret. */
function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  return typeof value === 'undefined' ? 'missing' : `a ${typeof value}`
}

function below(path: string, key: string): string {
  const name = /^[A-Za-z0-9_.-]{1,64}$/.test(key) ? key : JSON.stringify(key.slice(0, 64))
  return path === '' ? name : `${path}.${name}`
}

function record(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw violation(path, `must be an object, is ${kindOf(value)}`)
  }
  return value as Record<string, unknown>
}

/** An object with the given properties; `required` ones must be there. @internal */
export function object<T>(required: RequiredKeys<T>[], fields: Fields<T>): Shape<T> {
  return (value, path) => {
    const source = record(value, path)
    // fromEntries defines properties, so that a key `__proto__` stays data.
    const result: Record<string, unknown> = Object.fromEntries(Object.entries(source).filter(([, v]) => v !== null))
    for (const key of Object.keys(fields) as (keyof T & string)[]) {
      const own = Object.hasOwn(result, key) ? result[key] : undefined
      if (own !== undefined) result[key] = fields[key](own, below(path, key))
      else if ((required as string[]).includes(key)) throw violation(below(path, key), 'is missing')
    }
    return result as T
  }
}

/** A list of `minimum` to `maximum` items, both included, that all have one shape. @internal */
export function list<T>(item: Shape<T>, minimum = 0, maximum = Number.POSITIVE_INFINITY): Shape<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw violation(path, `must be a list, is ${kindOf(value)}`)
    if (value.length < minimum) throw violation(path, 'must not be empty')
    if (value.length > maximum) throw violation(path, `has ${value.length} items, more than ${maximum}`)
    return value.map((entry, index) => item(entry, `${path}[${index}]`))
  }
}

/** An object with free keys whose values all have one shape. @internal */
export function dictionary<T>(item: Shape<T>): Shape<Record<string, T>> {
  return (value, path) =>
    Object.fromEntries(Object.entries(record(value, path)).map(([key, entry]) => [key, item(entry, below(path, key))]))
}

/** Any string. @internal */
export const text: Shape<string> = (value, path) => {
  if (typeof value !== 'string') throw violation(path, `must be a string, is ${kindOf(value)}`)
  return value
}

/** A string that the kernel can take: without NUL. @internal */
export const kernelText: Shape<string> = (value, path) => {
  const result = text(value, path)
  if (result.includes('\0')) throw violation(path, 'must not contain NUL')
  return result
}

/** A string of one character or more, without NUL. @internal */
export const nonEmptyText: Shape<string> = (value, path) => {
  const result = kernelText(value, path)
  if (result === '') throw violation(path, 'must not be empty')
  return result
}

/** True or false. @internal */
export const flag: Shape<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw violation(path, `must be true or false, is ${kindOf(value)}`)
  return value
}

/** A whole number from `minimum` to `maximum`, both included. @internal */
export function integer(minimum: number, maximum: number): Shape<number> {
  return (value, path) => {
    if (typeof value === 'bigint') throw violation(path, `must be from ${minimum} to ${maximum}, is ${value}`)
    if (typeof value !== 'number') throw violation(path, `must be a number, is ${kindOf(value)}`)
    if (!Number.isInteger(value)) throw violation(path, `must be a whole number, is ${value}`)
    if (value < minimum || value > maximum) throw violation(path, `must be from ${minimum} to ${maximum}, is ${value}`)
    return value
  }
}

/**
 * A whole number from `minimum` to `maximum`, both included, of which a double could hold only a part exactly: given as
 * a bigint it may be any of them, and it stays one where a number would not do. The number that is nearest to the end of
 * the range stands for that end.
 *
 * @internal
 */
export function wideInteger(minimum: bigint, maximum: bigint): Shape<number | bigint> {
  return (value, path) => {
    if (typeof value !== 'number' && typeof value !== 'bigint') {
      throw violation(path, `must be a number, is ${kindOf(value)}`)
    }
    if (typeof value === 'number' && !Number.isInteger(value)) {
      throw violation(path, `must be a whole number, is ${value}`)
    }
    const whole = value === Number(maximum) ? maximum : BigInt(value)
    if (whole < minimum || whole > maximum) throw violation(path, `must be from ${minimum} to ${maximum}, is ${value}`)
    return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole
  }
}

/** Integers by the width the Go structures give them. @internal */
export const uint16 = integer(0, 0xffff)
/** @internal */
export const uint32 = integer(0, 0xffffffff)
/** @internal */
export const int32 = integer(-0x80000000, 0x7fffffff)
/** Wide in Go as well, but for values of which none that the kernel takes is near the end of the range. @internal */
export const int64 = integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
/** @internal */
export const uint64 = integer(0, Number.MAX_SAFE_INTEGER)
/** All 64 bits. @internal */
export const wideInt64 = wideInteger(-(2n ** 63n), 2n ** 63n - 1n)
/** @internal */
export const wideUint64 = wideInteger(0n, 2n ** 64n - 1n)

/** One of a few strings. @internal */
export function oneOf<T extends string>(choices: readonly T[]): Shape<T> {
  return (value, path) => {
    const result = text(value, path)
    if (!(choices as readonly string[]).includes(result)) {
      throw violation(path, `unknown value ${JSON.stringify(result.slice(0, 64))}`)
    }
    return result as T
  }
}
