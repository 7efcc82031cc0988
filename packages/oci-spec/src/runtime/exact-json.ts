// SPDX-License-Identifier: Apache-2.0

// In Node 22 and newer, and not yet in the types of the language.
const { parse, rawJSON } = JSON as unknown as {
  parse: (text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown) => unknown
  rawJSON: (text: string) => unknown
}

/** Nothing shorter leaves the range in which a double is exact: 2^53 has 16 digits. */
const longNumber = /\d{16}/

/**
 * `JSON.parse` for documents of the specification, some of whose integers have 64 bits: one beyond ±(2^53-1) becomes a
 * bigint with all its digits, where `JSON.parse` would round it. All else is as with `JSON.parse`, which also says what
 * is thrown for a text that is no JSON: a `SyntaxError`.
 *
 * @public
 */
export function parseExactJson(text: string): unknown {
  if (!longNumber.test(text)) return JSON.parse(text)
  return parse(text, (_, value, { source }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && /^-?\d+$/.test(source)
      ? BigInt(source)
      : value,
  )
}

/** `JSON.stringify` for what {@link parseExactJson} gives: a bigint is written as a number, with all its digits. @public */
export function formatExactJson(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch {
    // Asked about every value it takes several times as long, and hardly a document has such a number.
    return JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? rawJSON(String(item)) : item))
  }
}
