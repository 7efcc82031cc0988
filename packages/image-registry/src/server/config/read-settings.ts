// SPDX-License-Identifier: Apache-2.0
import { messageOf, StackError } from '@teu/errors'
import { parseRate, type Rate } from '../limits/buckets.ts'
import { parseDuration, parseSize } from './quantities.ts'
import { type Kind, type Setting, type SettingName, settings } from './settings.ts'

/** What a setting of a kind comes to. */
interface Values {
  text: string
  file: string
  flag: boolean
  integer: number
  size: number
  duration: number
  rate: Rate
  list: string[]
}

/** All settings that were given, or have a default. Sizes are bytes, durations milliseconds. @internal */
export type Settings = {
  [Name in SettingName]?: Values[(typeof settings)[Name]['kind']]
}

/** Where settings come from. @internal */
export interface SettingSources {
  /** As on the command line: text, lists of text, or `true` and `false` for flags. */
  flags: Readonly<Record<string, string | string[] | boolean | undefined>>
  env: Readonly<Record<string, string | undefined>>
  /** A file in TOML. */
  file?: { name: string; text: string }
}

/** What came of them. @internal */
export interface ReadSettings {
  settings: Settings
  /** Variables of the environment that look like a setting and are none. */
  unknownVariables: string[]
}

const prefix = 'TEU_REGISTRY_'
/** Not settings of the server, but of the program around it; Kubernetes makes the others for a service of this name. */
const otherVariables = /^TEU_REGISTRY_(CONFIG$|SERVICE_|PORT(_|$))/

/** The variable that a setting is read from. @internal */
export function variableOf(name: string): string {
  return `${prefix}${name.toUpperCase().replaceAll('-', '_')}`
}

/**
 * Reads all settings: from flags, else from the environment, else from the file, else their defaults. Throws
 * `invalid-argument` with the place for what cannot be read, and for names in the file that are none.
 *
 * @internal
 */
export async function readSettings({ flags, env, file }: SettingSources): Promise<ReadSettings> {
  const table = file === undefined ? {} : await readFileTable(file)
  const found: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries<Setting>(settings)) {
    const variable = variableOf(name)
    const place = pick([
      [`--${name}`, flags[name]],
      [variable, env[variable] === '' ? undefined : env[variable]],
      [`${file?.name}: ${name}`, table[name]],
      ['default', setting.default],
    ])
    if (place !== undefined) found[name] = read(setting.kind, place.value, place.where)
  }
  const known = new Set(Object.keys(settings).map(variableOf))
  const isStray = (name: string) => name.startsWith(prefix) && !known.has(name) && !otherVariables.test(name)
  return { settings: found as Settings, unknownVariables: Object.keys(env).filter(isStray).sort() }
}

function pick(places: readonly (readonly [string, unknown])[]): { where: string; value: unknown } | undefined {
  const found = places.find(([, value]) => value !== undefined)
  return found && { where: found[0], value: found[1] }
}

async function readFileTable({ name, text }: { name: string; text: string }): Promise<Record<string, unknown>> {
  const { parse } = await import('smol-toml')
  let table: Record<string, unknown>
  try {
    table = parse(text)
  } catch (error) {
    throw new StackError('invalid-argument', `${name}: ${messageOf(error).split('\n', 1)[0]}`, { cause: error })
  }
  for (const key of Object.keys(table)) {
    if (!Object.hasOwn(settings, key))
      throw new StackError('invalid-argument', `${name}: there is no setting ${JSON.stringify(key)}`)
  }
  return table
}

function read(kind: Kind, value: unknown, where: string): unknown {
  try {
    if (kind === 'flag') return readFlag(value)
    if (kind === 'list') return readList(value)
    if (typeof value !== 'string' && typeof value !== 'number') throw new Error('want a text or a number')
    return readText(kind, String(value))
  } catch (error) {
    throw new StackError('invalid-argument', `${where}: ${messageOf(error)}`, { cause: error })
  }
}

function readText(kind: Kind, text: string): unknown {
  switch (kind) {
    case 'integer':
      if (!/^\d{1,9}$/.test(text)) throw new Error(`${JSON.stringify(text.slice(0, 64))} is no whole number`)
      return Number(text)
    case 'size':
      return parseSize(text)
    case 'duration':
      return parseDuration(text)
    case 'rate':
      return parseRate(text)
    default:
      if (text === '') throw new Error('is empty')
      return text
  }
}

function readFlag(value: unknown): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value === 'string' && /^(true|1|yes|on)$/i.test(value)) return true
  if (typeof value === 'string' && /^(false|0|no|off)$/i.test(value)) return false
  throw new Error('want true or false')
}

/** In the environment entries are separated by semicolons or line ends. */
function readList(value: unknown): string[] {
  const entries = typeof value === 'string' ? value.split(/[;\n]/).map((entry) => entry.trim()) : value
  if (!Array.isArray(entries) || entries.some((entry) => typeof entry !== 'string'))
    throw new Error('want a list of texts')
  return entries.filter((entry: string) => entry !== '')
}
