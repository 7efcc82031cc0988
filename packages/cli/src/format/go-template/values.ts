// SPDX-License-Identifier: Apache-2.0

/** A function that a template may call as a method, with arguments. */
export type Method = (...parameters: unknown[]) => unknown

/**
 * What a template sees as a value of a Go type that has methods or fields: names that are not there are an error
 * that names the type. Its members are computed when they are asked for.
 */
export class Struct {
  /** As Go prints it, such as `*formatter.ContainerContext`. */
  readonly typeName: string
  readonly members: Readonly<Record<string, Method>>

  constructor(typeName: string, members: Readonly<Record<string, Method>>) {
    this.typeName = typeName
    this.members = members
  }

  /** What `{{json .}}` writes: every member that needs no argument, by name. */
  toJSON(): Record<string, unknown> {
    const plain = Object.entries(this.members).filter(([, member]) => member.length === 0)
    return Object.fromEntries(plain.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, member()]))
  }
}

/** A null of a known Go type: it prints as that type's zero, is false, and holds nothing. */
export class Nil {
  readonly kind: 'list' | 'map' | 'pointer'

  constructor(kind: Nil['kind']) {
    this.kind = kind
  }

  toJSON(): null {
    return null
  }
}

/** An integer that a double cannot hold exactly is a bigint; both are numbers here. */
export function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

/** Whether `value` is a map of names to values. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Struct) &&
    !(value instanceof Nil)
  )
}

/** A template's idea of true: not zero, not empty. */
export function isTrue(value: unknown): boolean {
  if (value === null || value === undefined || value instanceof Nil) return false
  if (Array.isArray(value)) return value.length > 0
  if (isMap(value)) return Object.keys(value).length > 0
  return typeof value === 'bigint' ? value !== 0n : Boolean(value)
}

/** The name of a value's Go type, for messages. */
export function typeName(value: unknown): string {
  if (value instanceof Struct) return value.typeName
  if (Array.isArray(value)) return '[]interface {}'
  if (isMap(value)) return 'map[string]interface {}'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  if (isNumber(value)) return Number.isInteger(Number(value)) ? 'int' : 'float64'
  return 'nil'
}
