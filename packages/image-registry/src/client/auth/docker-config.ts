// SPDX-License-Identifier: Apache-2.0
import { stat } from 'node:fs/promises'
import { StackError } from '@teu/errors'
import { readSettingsFile } from '../settings-file.ts'
import type { Credentials } from './credentials.ts'

/** What a `config.json` says about credentials. @internal */
export interface DockerConfig {
  /** What it was read from, for messages. */
  source: string
  /** Entries by key, as it is written: a host, or a URL. */
  auths: ReadonlyMap<string, Credentials>
  /** The program that keeps all credentials; without `docker-credential-`. */
  credsStore: string | undefined
  /** Programs for single registries, by key. */
  credHelpers: ReadonlyMap<string, string>
}

const maximumSize = 4 * 1024 * 1024

/** Docker Hub, by all the names that its credentials have been filed under. */
const hubNames = ['https://index.docker.io/v1/', 'index.docker.io', 'docker.io', 'registry-1.docker.io']

/**
 * Reads a file; `undefined` when there is none. Throws `invalid-argument` for one that is no such file or cannot be
 * read, `resource-exhausted` for one of more than 4 MiB.
 *
 * @internal
 */
export async function readDockerConfig(file: string): Promise<DockerConfig | undefined> {
  // What cannot be looked at fails below, in reading.
  const size = await stat(file).then(
    (stats) => stats.size,
    () => 0,
  )
  if (size > maximumSize) throw new StackError('resource-exhausted', `${file}: ${size} bytes exceed ${maximumSize}`)
  const text = await readSettingsFile(file)
  return text === undefined ? undefined : parseDockerConfig(text, file)
}

/** Reads the text of a file. Throws `invalid-argument` with `source` in the message. @internal */
export function parseDockerConfig(text: string, source: string): DockerConfig {
  let value: unknown
  try {
    value = text.trim() === '' ? {} : JSON.parse(text)
  } catch (error) {
    // What JSON.parse complains about it quotes, and here that may be a password.
    const position = /position (\d+)/.exec(String(error))?.[1]
    throw new StackError('invalid-argument', `${source} is not JSON${position ? ` (at position ${position})` : ''}`)
  }
  const fields = recordOf(value, source)
  const auths = recordOf(fields['auths'] ?? {}, `${source}: auths`)
  const helpers = recordOf(fields['credHelpers'] ?? {}, `${source}: credHelpers`)
  const { credsStore } = fields
  return {
    source,
    auths: new Map(Object.entries(auths).flatMap(([key, entry]) => authOf(key, entry, source))),
    credsStore: typeof credsStore === 'string' && credsStore !== '' ? credsStore : undefined,
    credHelpers: new Map(Object.entries(helpers).filter((entry): entry is [string, string] => !!textOf(entry[1]))),
  }
}

/**
 * The names under which credentials of a registry may be filed, best first. The first is what a credential program is
 * asked for.
 *
 * @internal
 */
export function keysOf(registry: string): readonly string[] {
  return registry === 'docker.io' ? hubNames : [registry]
}

/** The value of the first key that there is: as it is written, or as a URL of the same host. @internal */
export function lookUp<T>(entries: ReadonlyMap<string, T>, registry: string): T | undefined {
  const keys = keysOf(registry)
  for (const key of keys) {
    const exact = entries.get(key)
    if (exact !== undefined) return exact
  }
  for (const [key, value] of entries) {
    const host = key.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
    // A key with a path below the host is podman's, for one namespace only; docker's have `/v1/` or `/v2/`.
    const isHost = !key.includes('/') || /^https?:\/\//.test(key) || /^[^/]+\/v\d\/?$/.test(key)
    if (isHost && keys.includes(host)) return value
  }
  return undefined
}

function recordOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new StackError('invalid-argument', `${what} is not a JSON object`)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** An entry without anything in it says that the registry was logged in to; the rest is with a credential program. */
function authOf(key: string, value: unknown, source: string): [string, Credentials][] {
  const fields = recordOf(value, `${source}: auths of ${JSON.stringify(key.slice(0, 128))}`)
  const registryToken = textOf(fields['registrytoken'])
  if (registryToken !== undefined) return [[key, { registryToken }]]
  const { username, password } = decodeAuth(fields, key, source)
  const identityToken = textOf(fields['identitytoken'])
  if (identityToken !== undefined) return [[key, { identityToken, ...(username && { username }) }]]
  return username === undefined ? [] : [[key, { username, password: password ?? '' }]]
}

function decodeAuth(
  fields: Record<string, unknown>,
  key: string,
  source: string,
): { username?: string | undefined; password?: string | undefined } {
  const auth = textOf(fields['auth'])
  if (auth === undefined) return { username: textOf(fields['username']), password: textOf(fields['password']) }
  const text = Buffer.from(auth, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 1)
    throw new StackError('invalid-argument', `${source}: auth of ${JSON.stringify(key.slice(0, 128))} is malformed`)
  // Old versions of docker padded the password with zeros.
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/^\0+|\0+$/g, '') }
}
