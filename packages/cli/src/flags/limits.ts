// SPDX-License-Identifier: Apache-2.0
import type { ThrottleDevice, Ulimit, WeightDevice } from '@teu/engine-api'
import { parseMemory } from '../format/bytes.ts'
import { parseDecimal } from '../grammar/go-number.ts'
import { cut } from './csv.ts'

const ulimitNames = new Set(
  'core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(' '),
)

/** `name=soft[:hard]`; -1 means unlimited. */
export function parseUlimit(text: string): Ulimit {
  const [name, value, found] = cut(text, '=')
  if (!found) throw new Error(`invalid ulimit argument: ${text}`)
  if (!ulimitNames.has(name)) throw new Error(`invalid ulimit type: ${name}`)
  const limits = value.split(':')
  if (limits.length > 2) {
    throw new Error(`too many limit value arguments - ${value}, can only have up to two, \`soft[:hard]\``)
  }
  const soft = Number(parseDecimal(limits[0] as string))
  const hard = limits.length === 2 ? Number(parseDecimal(limits[1] as string)) : soft
  if (hard !== -1 && (soft === -1 || soft > hard)) {
    throw new Error(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`)
  }
  return { Name: name, Hard: hard, Soft: soft }
}

function devicePath(text: string): [path: string, value: string] {
  const [path, value, found] = cut(text, ':')
  if (!found || path === '') throw new Error(`bad format: ${text}`)
  if (!path.startsWith('/dev/')) throw new Error(`bad format for device path: ${text}`)
  return [path, value]
}

/** `path:weight`, the weight 0 or 10 to 1000. */
export function parseWeightDevice(text: string): WeightDevice {
  const [path, value] = devicePath(text)
  const weight = /^[0-9]+$/.test(value) ? Number(value) : Number.NaN
  if (Number.isNaN(weight) || (weight > 0 && (weight < 10 || weight > 1000))) {
    throw new Error(`invalid weight for device: ${text}`)
  }
  return { Path: path, Weight: weight }
}

/** `path:rate[unit]`, the rate in bytes a second. */
export function parseBpsDevice(text: string): ThrottleDevice {
  const [path, value] = devicePath(text)
  const format =
    'The correct format is <device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb'
  try {
    return { Path: path, Rate: parseMemory(value) }
  } catch {
    throw new Error(`invalid rate for device: ${text}. ${format}`)
  }
}

/** `path:rate`, the rate in operations a second. */
export function parseIopsDevice(text: string): ThrottleDevice {
  const [path, value] = devicePath(text)
  const format = 'The correct format is <device-path>:<number>. Number must be a positive integer'
  if (!/^[0-9]+$/.test(value)) throw new Error(`invalid rate for device: ${text}. ${format}`)
  return { Path: path, Rate: Number(value) }
}
