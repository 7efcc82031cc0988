// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import { messageOf, StackError } from '@teu/errors'
import { parse, stringify } from 'smol-toml'
import { type ContainerdConfig, defaultConfig } from './config.ts'

type Section = Record<string, unknown>

/**
 * The configuration in a file, over the defaults. Sections that only containerd has are read over.
 *
 * @throws `invalid-argument` for what is not TOML, another version than 2 or 3, or a value of the wrong type
 */
export async function readConfig(path: string): Promise<ContainerdConfig> {
  return parseConfig(await readFile(path, 'utf8'), path)
}

/** {@link readConfig} for a text. */
export function parseConfig(text: string, name: string): ContainerdConfig {
  let parsed: Section
  try {
    parsed = parse(text) as Section
  } catch (error) {
    throw new StackError('invalid-argument', `${name}: ${messageOf(error).split('\n')[0]}`, { cause: error })
  }
  const { version = 2 } = parsed
  if (version !== 2 && version !== 3)
    throw new StackError('invalid-argument', `${name}: version ${String(version)} is not supported, use 2`)
  const config = defaultConfig()
  return merge(config as unknown as Section, parsed, name) as unknown as ContainerdConfig
}

/** The configuration as the text of a file. */
export function formatConfig(config: ContainerdConfig): string {
  return `${stringify(config)}\n`
}

/** Values of `next` over those of `base`; what the base has keeps its type. */
function merge(base: Section, next: Section, name: string): Section {
  const merged: Section = { ...base }
  for (const [key, value] of Object.entries(next)) {
    const before = Object.hasOwn(base, key) ? base[key] : undefined
    if (before === undefined) merged[key] = value
    else if (kindOf(before) !== kindOf(value))
      throw new StackError('invalid-argument', `${name}: ${key} has to be a ${kindOf(before)}, is a ${kindOf(value)}`)
    else if (kindOf(before) === 'table') merged[key] = merge(before as Section, value as Section, `${name}: ${key}`)
    else merged[key] = typeof value === 'bigint' ? Number(value) : value
  }
  return merged
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'list'
  if (typeof value === 'bigint') return 'number'
  return typeof value === 'object' ? 'table' : typeof value
}
