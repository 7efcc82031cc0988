// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { StackError, wrap } from '@teu/errors'
import { parse } from 'smol-toml'
import type { RegistryAccess, RegistryHost, RegistryMirror } from '../init.ts'
import { unreadable } from '../settings-file.ts'

type Table = Record<string, unknown>

/**
 * Reads containerd's `hosts.toml`: the registry's own settings at the top, and a table for each host that is asked
 * before it. Files are named relative to the folder. A host that may only be pushed to is left out: what is pushed goes
 * to the registry itself.
 *
 * Throws `invalid-argument` with the file's name for anything else than containerd's keys hold.
 *
 * @internal
 */
export async function readHostsToml(file: string, text: string): Promise<RegistryHost> {
  const reader = new Reader(file)
  let top: Table
  try {
    top = parse(text)
  } catch (error) {
    throw new StackError('invalid-argument', `${file}: ${String((error as Error).message).split('\n', 1)[0]}`)
  }
  const hosts = reader.table(top, 'host') ?? {}
  const mirrors: RegistryMirror[] = []
  for (const url of Object.keys(hosts)) {
    const host = reader.table(hosts, url) ?? {}
    const capabilities = reader.capabilities(host)
    if (capabilities.length > 0) mirrors.push({ ...(await reader.access(host)), url: withScheme(url), capabilities })
  }
  const server = reader.text(top, 'server')
  return {
    ...(await reader.access(top)),
    ...(server === undefined ? {} : { url: withScheme(server) }),
    ...(mirrors.length === 0 ? {} : { mirrors }),
  }
}

function withScheme(url: string): string {
  return url.includes('://') ? url : `https://${url}`
}

class Reader {
  readonly #file: string

  constructor(file: string) {
    this.#file = file
  }

  async access(table: Table): Promise<RegistryAccess> {
    const ca = this.texts(table, 'ca')
    const [cert, key] = this.#client(table)
    const insecure = this.flag(table, 'skip_verify')
    const overridePath = this.flag(table, 'override_path')
    const header = this.table(table, 'header')
    return {
      ...(insecure === undefined ? {} : { insecure }),
      ...(ca.length === 0 ? {} : { ca: (await Promise.all(ca.map((name) => this.#read(name)))).join('\n') }),
      ...(cert === undefined ? {} : { cert: await this.#read(cert), key: await this.#read(key ?? cert) }),
      ...(overridePath === undefined ? {} : { overridePath }),
      ...(header === undefined ? {} : { headers: this.#headers(header) }),
    }
  }

  /** One file with both, or pairs of files, of which the first is taken. */
  #client(table: Table): [cert?: string, key?: string] {
    const { client } = table
    if (client === undefined) return []
    if (typeof client === 'string') return [client]
    const first: unknown = Array.isArray(client) ? client[0] : undefined
    const pair = Array.isArray(first) ? first : [first]
    const [cert, key = ''] = pair
    if (typeof cert !== 'string' || typeof key !== 'string') throw this.#invalid('client')
    return key === '' ? [cert] : [cert, key]
  }

  #headers(table: Table): Record<string, string> {
    return Object.fromEntries(
      Object.keys(table).map((name) => [name.toLowerCase(), this.texts(table, name).join(', ')]),
    )
  }

  capabilities(table: Table): ('resolve' | 'pull')[] {
    if (table['capabilities'] === undefined) return ['resolve', 'pull']
    return this.texts(table, 'capabilities').flatMap((name) => {
      if (name === 'resolve' || name === 'pull') return [name]
      if (name === 'push') return []
      throw this.#invalid(`capability ${JSON.stringify(name.slice(0, 64))}`)
    })
  }

  text(table: Table, key: string): string | undefined {
    const value = table[key]
    if (value === undefined || typeof value === 'string') return value || undefined
    throw this.#invalid(key)
  }

  texts(table: Table, key: string): string[] {
    const value = table[key] ?? []
    const list: unknown[] = Array.isArray(value) ? value : [value]
    return list.map((entry) => {
      if (typeof entry !== 'string') throw this.#invalid(key)
      return entry
    })
  }

  flag(table: Table, key: string): boolean | undefined {
    const value = table[key]
    if (value === undefined || typeof value === 'boolean') return value
    throw this.#invalid(key)
  }

  table(table: Table, key: string): Table | undefined {
    const value = table[key]
    if (value === undefined) return undefined
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Table
    throw this.#invalid(key)
  }

  async #read(name: string): Promise<string> {
    const file = path.resolve(path.dirname(this.#file), name)
    return await readFile(file, 'utf8').catch((error) => {
      throw wrap(unreadable(file, error), this.#file)
    })
  }

  #invalid(what: string): StackError {
    return new StackError('invalid-argument', `${this.#file}: ${what} is malformed`)
  }
}
