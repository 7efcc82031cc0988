// SPDX-License-Identifier: Apache-2.0
import { isMap, isNumber, Nil, Struct } from './values.ts'

/** A value as Go's `%v` prints it. */
export function printValue(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === undefined) return '<no value>'
  if (value === null) return '<nil>'
  if (value instanceof Nil) return { list: '[]', map: 'map[]', pointer: '<nil>' }[value.kind]
  if (typeof value === 'number') return printNumber(value)
  if (Array.isArray(value)) return `[${value.map(printValue).join(' ')}]`
  if (value instanceof Struct) return `{${Object.values(value.toJSON()).map(printValue).join(' ')}}`
  if (isMap(value)) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    return `map[${entries.map(([name, entry]) => `${name}:${printValue(entry)}`).join(' ')}]`
  }
  return String(value)
}

function printNumber(value: number): string {
  if (Number.isInteger(value)) return Math.abs(value) < 1e21 ? String(value) : value.toExponential()
  const text = String(value)
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}

/** Operands with a space between two that are both no strings, as Go's `Sprint`. */
export function sprint(values: readonly unknown[]): string {
  return values
    .map((value, index) => {
      const glue = index > 0 && typeof value !== 'string' && typeof values[index - 1] !== 'string' ? ' ' : ''
      return glue + printValue(value)
    })
    .join('')
}

/** Operands with a space between all and a newline at the end, as Go's `Sprintln`. */
export function sprintln(values: readonly unknown[]): string {
  return `${values.map(printValue).join(' ')}\n`
}

const verb = /%([-+# 0]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/g

/** Go's `Sprintf` for the verbs that make sense for JSON values: `v s q d x X o b c e f g t T U`. */
export function sprintf(format: string, values: readonly unknown[]): string {
  let next = 0
  const text = format.replace(
    verb,
    (_, flags: string, width: string | undefined, precision: string | undefined, letter: string) => {
      if (letter === '%') return '%'
      if (next >= values.length) return `%!${letter}(MISSING)`
      const shown = formatVerb(letter, values[next++], flags, precision === undefined ? undefined : Number(precision))
      return pad(shown, Number(width ?? 0), flags, letter)
    },
  )
  const extra = values.slice(next)
  if (extra.length === 0) return text
  return `${text}%!(EXTRA ${extra.map((value) => `${goKind(value)}=${printValue(value)}`).join(', ')})`
}

function pad(text: string, width: number, flags: string, letter: string): string {
  if (text.length >= width) return text
  if (flags.includes('-')) return text.padEnd(width)
  if (!flags.includes('0') || letter === 's' || letter === 'q') return text.padStart(width)
  return text.startsWith('-') ? `-${text.slice(1).padStart(width - 1, '0')}` : text.padStart(width, '0')
}

function formatVerb(letter: string, value: unknown, flags: string, precision: number | undefined): string {
  const sign = flags.includes('+') && isNumber(value) && value >= 0 ? '+' : ''
  switch (letter) {
    case 'v':
      return sign + printValue(value)
    case 's':
      return typeof value === 'string' ? [...value].slice(0, precision).join('') : wrongUnlessText(letter, value)
    case 'q':
      return typeof value === 'string' ? JSON.stringify(value) : wrong(letter, value)
    case 't':
      return typeof value === 'boolean' ? String(value) : wrong(letter, value)
    case 'd':
      return isInteger(value) ? sign + String(value) : wrong(letter, value)
    case 'x':
    case 'X':
      return hexadecimal(letter, value)
    case 'o':
    case 'b':
      return isInteger(value) ? value.toString(letter === 'o' ? 8 : 2) : wrong(letter, value)
    case 'c':
      return isInteger(value) ? String.fromCodePoint(Number(value)) : wrong(letter, value)
    case 'f':
    case 'e':
    case 'g':
      return float(letter, value, precision)
    case 'T':
      return goKind(value)
    default:
      return wrong(letter, value)
  }
}

function isInteger(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))
}

function float(letter: string, value: unknown, precision: number | undefined): string {
  if (!isNumber(value)) return wrong(letter, value)
  if (letter === 'f') return Number(value).toFixed(precision ?? 6)
  if (letter === 'g') return printNumber(Number(value))
  return Number(value)
    .toExponential(precision ?? 6)
    .replace(/e([+-])(\d)$/, 'e$10$2')
}

function hexadecimal(letter: string, value: unknown): string {
  const text = isInteger(value)
    ? value.toString(16)
    : typeof value === 'string'
      ? Buffer.from(value).toString('hex')
      : undefined
  if (text === undefined) return wrong(letter, value)
  return letter === 'X' ? text.toUpperCase() : text
}

function wrongUnlessText(letter: string, value: unknown): string {
  if (Array.isArray(value) || isMap(value)) return printValue(value)
  return wrong(letter, value)
}

function wrong(letter: string, value: unknown): string {
  return value === null || value === undefined
    ? `%!${letter}(<nil>)`
    : `%!${letter}(${goKind(value)}=${printValue(value)})`
}

function goKind(value: unknown): string {
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  if (isInteger(value)) return 'int'
  if (typeof value === 'number') return 'float64'
  if (Array.isArray(value)) return '[]interface {}'
  return value === null || value === undefined ? '<nil>' : 'map[string]interface {}'
}
