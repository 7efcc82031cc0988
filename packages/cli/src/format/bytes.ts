// SPDX-License-Identifier: Apache-2.0

const multiples: Record<string, number> = { k: 1, m: 2, g: 3, t: 4, p: 5 }
const decimalUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB']
const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB']

/**
 * A size such as `64m`, `1.5 GiB` or `512` in bytes, with 1024 as the base whatever the unit is called. Throws with
 * docker's text on anything else.
 */
export function parseMemory(text: string): number {
  const end = /^(.*[0-9. ])([^0-9. ]*)$/s.exec(text)
  if (!end) throw new Error(`invalid size: '${text}'`)
  const number = (end[1] as string).endsWith(' ') ? (end[1] as string).slice(0, -1) : (end[1] as string)
  const size = parseFloatStrictly(number)
  if (size < 0) throw new Error(`invalid size: '${text}'`)
  return Math.trunc(size * unitFactor(end[2] as string))
}

function parseFloatStrictly(text: string): number {
  if (!/^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i.test(text)) {
    throw new Error(`strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`)
  }
  return Number(text)
}

function unitFactor(unit: string): number {
  const suffix = unit.length > 3 ? unit : unit.toLowerCase()
  if (suffix === '' || suffix === 'b') return 1
  const power = multiples[suffix[0] as string]
  if (power === undefined || !/^.(b|ib)?$/.test(suffix)) throw new Error(`invalid suffix: '${suffix}'`)
  return 1024 ** power
}

/** `bytes` in decimal units with `precision` significant digits, as `docker images` prints (3). */
export function formatSize(bytes: number, precision = 4): string {
  return scale(bytes, 1000, decimalUnits, precision)
}

/** `bytes` in binary units with four significant digits, as `docker stats` and `docker info` print. */
export function formatBinarySize(bytes: number): string {
  return scale(bytes, 1024, binaryUnits, 4)
}

function scale(bytes: number, base: number, units: readonly string[], precision: number): string {
  let size = bytes
  let unit = 0
  while (size >= base && unit < units.length - 1) {
    size /= base
    unit++
  }
  return `${significant(size, precision)}${units[unit]}`
}

/** Go's `%.Ng`: N significant digits, no trailing zeros, exponent form when the number does not fit. */
function significant(value: number, precision: number): string {
  const text = value.toPrecision(precision)
  const [mantissa, exponent] = text.split('e')
  const trimmed = (mantissa as string).includes('.') ? (mantissa as string).replace(/\.?0+$/, '') : (mantissa as string)
  if (exponent === undefined) return trimmed
  return `${trimmed}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`
}
