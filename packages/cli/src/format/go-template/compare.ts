// SPDX-License-Identifier: Apache-2.0
import { isNumber, Nil, typeName } from './values.ts'

/** Whether the first operand equals any of the others. Throws when operands cannot be compared. */
export function equalsAny(first: unknown, others: readonly unknown[]): boolean {
  if (others.length === 0) throw new Error('missing argument for comparison')
  return others.some((other) => equals(first, other))
}

function equals(a: unknown, b: unknown): boolean {
  const left = a instanceof Nil ? null : (a ?? null)
  const right = b instanceof Nil ? null : (b ?? null)
  if (left === null || right === null) return left === right
  if (isNumber(left) && isNumber(right)) return Number(left) === Number(right)
  if (typeof left !== typeof right) throw new Error('incompatible types for comparison')
  if (typeof left === 'object') throw new Error(`non-comparable type ${typeName(left)}: ${typeName(right)}`)
  return left === right
}

/** Negative, zero or positive as `a` orders before, with or after `b`; texts by their bytes. */
export function order(a: unknown, b: unknown): number {
  if (isNumber(a) && isNumber(b)) return Number(a) - Number(b)
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  const basic = (value: unknown) => isNumber(value) || typeof value === 'string'
  throw new Error(basic(a) && basic(b) ? 'incompatible types for comparison' : 'invalid type for comparison')
}
