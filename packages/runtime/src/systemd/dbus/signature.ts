// SPDX-License-Identifier: Apache-2.0

/** What D-Bus carries, as JavaScript: structs and arrays are arrays, 64-bit integers bigint, `ay` bytes. @internal */
export type DbusValue = boolean | number | bigint | string | Uint8Array | Variant | readonly DbusValue[]

/** A value with its type. @internal */
export interface Variant {
  signature: string
  value: DbusValue
}

/** How a type is aligned, in bytes (D-Bus specification, "Marshaling"). @internal */
export function alignmentOf(type: string): number {
  switch (type[0]) {
    case 'y':
    case 'g':
    case 'v':
      return 1
    case 'n':
    case 'q':
      return 2
    case 'x':
    case 't':
    case 'd':
    case '(':
    case '{':
      return 8
    default:
      return 4
  }
}

/** The single complete types of a signature, such as `a{sv}` and `u` of `a{sv}u`. Throws `RangeError` for what is none. @internal */
export function completeTypes(signature: string): string[] {
  const types: string[] = []
  for (let start = 0; start < signature.length; ) {
    const end = endOfType(signature, start, 0)
    types.push(signature.slice(start, end))
    start = end
  }
  return types
}

const closing: Readonly<Record<string, string>> = { '(': ')', '{': '}' }
const deepest = 32

function endOfType(signature: string, start: number, depth: number): number {
  const code = signature[start] ?? ''
  if (depth > deepest) throw new RangeError(`D-Bus signature too deep: ${signature}`)
  if (code === 'a') return endOfType(signature, start + 1, depth + 1)
  const close = closing[code]
  if (close === undefined) {
    if (code === '' || !'ybnqiuxtdsogvh'.includes(code)) throw new RangeError(`not a D-Bus signature: ${signature}`)
    return start + 1
  }
  let end = start + 1
  while (signature[end] !== close) end = endOfType(signature, end, depth + 1)
  return end + 1
}
