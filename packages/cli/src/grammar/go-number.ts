// SPDX-License-Identifier: Apache-2.0

/** What a number parser throws; the text is the one Go's strconv prints, which scripts match on. */
class NumberSyntaxError extends Error {
  constructor(parser: string, text: string, reason: string) {
    super(`strconv.${parser}: parsing ${quote(text)}: ${reason}`)
    this.name = 'NumberSyntaxError'
  }
}

const shortEscapes: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

/** `text` in double quotes, escaped as Go's `%q`: what cannot be printed is spelled out. */
export function quote(text: string): string {
  const escaped = text.replace(/["\\]|\p{C}|\p{Zl}|\p{Zp}|(?! )\p{Zs}/gu, (character) => {
    const short = shortEscapes[character]
    if (short) return short
    const code = (character.codePointAt(0) as number).toString(16)
    if (code.length <= 2 && character.charCodeAt(0) < 0x80) return `\\x${code.padStart(2, '0')}`
    return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\U${code.padStart(8, '0')}`
  })
  return `"${escaped}"`
}

const truths = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text) => [text, false] as const),
])

/** A boolean in Go's spellings (`1 t T TRUE true True` and their opposites). */
export function parseBool(text: string): boolean {
  const value = truths.get(text)
  if (value === undefined) throw new NumberSyntaxError('ParseBool', text, 'invalid syntax')
  return value
}

const digits: Record<string, RegExp> = {
  '0x': /^[0-9a-f]+(_[0-9a-f]+)*$/i,
  '0b': /^[01]+(_[01]+)*$/,
  '0o': /^[0-7]+(_[0-7]+)*$/,
}

/** The magnitude of an integer with an optional base prefix, or undefined when it is none. */
function magnitude(text: string): bigint | undefined {
  const prefix = text.slice(0, 2).toLowerCase()
  const pattern = digits[prefix]
  if (pattern) {
    const rest = text.slice(2).replace(/^_/, '')
    return pattern.test(rest) ? BigInt(prefix + rest.replaceAll('_', '')) : undefined
  }
  if (/^0_?[0-7]+(_[0-7]+)*$/.test(text)) return BigInt(`0o${text.slice(1).replaceAll('_', '')}`)
  return /^[1-9][0-9]*(_[0-9]+)*$|^0$/.test(text) ? BigInt(text.replaceAll('_', '')) : undefined
}

/**
 * A signed integer of `bits` bits; base prefixes are understood as Go's `ParseInt(text, 0, bits)` does. Returns a
 * bigint, because limits reach 2^63.
 */
export function parseInteger(text: string, bits = 64): bigint {
  const negative = text.startsWith('-')
  const value = magnitude(/^[+-]/.test(text) ? text.slice(1) : text)
  if (value === undefined) throw new NumberSyntaxError('ParseInt', text, 'invalid syntax')
  const signed = negative ? -value : value
  const limit = 1n << BigInt(bits - 1)
  if (signed >= limit || signed < -limit) throw new NumberSyntaxError('ParseInt', text, 'value out of range')
  return signed
}

/** An unsigned integer of `bits` bits. */
export function parseUnsigned(text: string, bits = 64): bigint {
  const value = /^[+-]/.test(text) ? undefined : magnitude(text)
  if (value === undefined) throw new NumberSyntaxError('ParseUint', text, 'invalid syntax')
  if (value >= 1n << BigInt(bits)) throw new NumberSyntaxError('ParseUint', text, 'value out of range')
  return value
}

/** A decimal integer without base prefixes: what Go's `Atoi` and `ParseInt(text, 10, bits)` take. */
export function parseDecimal(text: string, parser = 'ParseInt', bits = 64): bigint {
  if (!/^[+-]?[0-9]+$/.test(text)) throw new NumberSyntaxError(parser, text, 'invalid syntax')
  const value = BigInt(text.replace(/^\+/, ''))
  const limit = 1n << BigInt(bits - 1)
  if (value >= limit || value < -limit) throw new NumberSyntaxError(parser, text, 'value out of range')
  return value
}
