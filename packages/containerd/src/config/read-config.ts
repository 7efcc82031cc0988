// SPDX-License-Identifier: Apache-2.0
import { glob, readFile } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { messageOf, StackError } from '@teu/errors'
import { parse, stringify } from 'smol-toml'
import { checkConfig } from './check-config.ts'
import { type ContainerdConfig, defaultConfig } from './config.ts'

type Section = Record<string, unknown>

/** Lists to which an imported file adds; every other value it has replaces the one before. */
const addedTo = ['disabled_plugins', 'required_plugins']

/** The most files that one configuration is made of. */
const maximumFiles = 1024

/**
 * The configuration in a file and in those that it imports, over the defaults. Imports are paths beside the file that
 * names them, or patterns; each file is read once, and goes over those before it.
 *
 * @throws `invalid-argument` for what is not TOML, another version than 2 or 3, a value of the wrong type, and what
 * {@link checkConfig} refuses; `not-found` for a file that is not there
 */
export async function readConfig(path: string): Promise<ContainerdConfig> {
  const config = defaultConfig() as unknown as Section
  const files = new Set<string>()
  const open = [path]
  for (let file = open.shift(); file !== undefined; file = open.shift()) {
    if (files.has(file)) continue
    if (files.size === maximumFiles)
      throw new StackError('invalid-argument', `${path}: more than ${maximumFiles} files are imported`)
    files.add(file)
    const { imports = [], ...values } = parseFile(await readText(file), file)
    Object.assign(config, merge(config, values, file))
    open.push(...(await importedBy(file, imports)))
  }
  const whole = { ...config, imports: [...files] } as unknown as ContainerdConfig
  checkConfig(whole, path)
  return whole
}

/** {@link readConfig} for a text, which imports nothing. */
export function parseConfig(text: string, name: string): ContainerdConfig {
  const parsed = parseFile(text, name)
  const config = merge(defaultConfig() as unknown as Section, parsed, name) as unknown as ContainerdConfig
  checkConfig(config, name)
  return config
}

/** The configuration as the text of a file. */
export function formatConfig(config: ContainerdConfig): string {
  return `${stringify(config)}\n`
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new StackError('not-found', `read configuration ${path}: ${messageOf(error)}`, { cause: error })
  }
}

function parseFile(text: string, name: string): Section {
  let parsed: Section
  try {
    parsed = parse(text) as Section
  } catch (error) {
    throw new StackError('invalid-argument', `${name}: ${messageOf(error).split('\n')[0]}`, { cause: error })
  }
  const { version = 2 } = parsed
  if (version !== 2 && version !== 3)
    throw new StackError('invalid-argument', `${name}: version ${String(version)} is not supported, use 2`)
  return parsed
}

async function importedBy(file: string, imports: unknown): Promise<string[]> {
  if (!Array.isArray(imports) || imports.some((path) => typeof path !== 'string'))
    throw new StackError('invalid-argument', `${file}: imports has to be a list of strings`)
  const found: string[] = []
  for (const path of imports as string[]) {
    const absolute = isAbsolute(path) ? path : join(dirname(file), path)
    if (absolute.includes('*')) found.push(...(await Array.fromAsync(glob(absolute))).sort())
    else found.push(absolute)
  }
  return found
}

/** Values of `next` over those of `base`; what the base has keeps its type. */
function merge(base: Section, next: Section, name: string): Section {
  const merged: Section = { ...base }
  for (const [key, value] of Object.entries(next)) {
    const before = Object.hasOwn(base, key) ? base[key] : undefined
    if (before === undefined) merged[key] = plain(value)
    else if (kindOf(before) !== kindOf(value))
      throw new StackError('invalid-argument', `${name}: ${key} has to be a ${kindOf(before)}, is a ${kindOf(value)}`)
    else if (kindOf(before) === 'table') merged[key] = merge(before as Section, value as Section, `${name}: ${key}`)
    else if (addedTo.includes(key)) merged[key] = [...new Set([...(before as unknown[]), ...(value as unknown[])])]
    else merged[key] = plain(value)
  }
  return merged
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (kindOf(value) !== 'table' || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value as Section).map(([key, inner]) => [key, plain(inner)]))
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'list'
  if (typeof value === 'bigint') return 'number'
  return typeof value === 'object' ? 'table' : typeof value
}
