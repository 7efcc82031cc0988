// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Credentials of one registry as the config file keeps them. */
export interface StoredAuth {
  /** base64 of `user:password`. */
  readonly auth?: string
  readonly identitytoken?: string
  readonly registrytoken?: string
}

/** Proxies that containers and builds are told about. */
export interface ProxyConfig {
  readonly httpProxy?: string
  readonly httpsProxy?: string
  readonly noProxy?: string
  readonly ftpProxy?: string
  readonly allProxy?: string
}

/** What is read of `config.json`; keys that nothing here reads are left alone. */
export interface ConfigFile {
  /** Where it lies, whether or not it exists. */
  readonly path: string
  readonly auths: Readonly<Record<string, StoredAuth>>
  readonly credsStore: string
  readonly credHelpers: Readonly<Record<string, string>>
  readonly httpHeaders: Readonly<Record<string, string>>
  readonly detachKeys: string
  readonly currentContext: string
  /** Default `--format` of a list, by its key: `psFormat`, `imagesFormat`, … */
  readonly formats: Readonly<Record<string, string>>
  readonly proxies: Readonly<Record<string, ProxyConfig>>
  readonly cliPluginsExtraDirs: readonly string[]
}

/** Reads `<directory>/config.json`. A missing file is empty; a broken one is empty, with a warning to print. */
export function loadConfigFile(directory: string): { config: ConfigFile; warning?: string } {
  const path = join(directory, 'config.json')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { config: fromValue(path, {}) }
    return { config: fromValue(path, {}), warning: `Error loading config file: ${(error as Error).message}` }
  }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not a JSON object')
    return { config: fromValue(path, value as Record<string, unknown>) }
  } catch (error) {
    const reason = `Error parsing config file (${path}): ${(error as Error).message}`
    return { config: fromValue(path, {}), warning: reason }
  }
}

function fromValue(path: string, value: Record<string, unknown>): ConfigFile {
  const formats = Object.entries(value).filter(([key, text]) => key.endsWith('Format') && typeof text === 'string')
  return {
    path,
    auths: recordOf<StoredAuth>(value.auths, isObject),
    credsStore: textOf(value.credsStore),
    credHelpers: recordOf<string>(value.credHelpers, isText),
    httpHeaders: recordOf<string>(value.HttpHeaders, isText),
    detachKeys: textOf(value.detachKeys),
    currentContext: textOf(value.currentContext),
    formats: Object.fromEntries(formats) as Record<string, string>,
    proxies: recordOf<ProxyConfig>(value.proxies, isObject),
    cliPluginsExtraDirs: Array.isArray(value.cliPluginsExtraDirs) ? value.cliPluginsExtraDirs.filter(isText) : [],
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(value: unknown): string {
  return isText(value) ? value : ''
}

function recordOf<T>(value: unknown, admits: (entry: unknown) => boolean): Record<string, T> {
  if (!isObject(value)) return {}
  return Object.fromEntries(Object.entries(value as object).filter(([, entry]) => admits(entry))) as Record<string, T>
}
