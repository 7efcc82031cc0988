// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EngineTls } from '@teu/engine-api'
import { ExitError } from '../exit-status.ts'
import { openFailure } from '../flags/env-file.ts'
import { parseBool } from '../grammar/go-number.ts'
import { readContext } from './context-store.ts'

/** The flags that stand before the command's name. @public */
export interface GlobalFlags {
  readonly hosts: readonly string[]
  readonly context: string
  readonly configDirectory: string
  readonly debug: boolean
  readonly logLevel: string
  readonly tls: boolean
  readonly tlsVerify: boolean
  readonly tlsCa: string
  readonly tlsCert: string
  readonly tlsKey: string
}

/** An engine's address. @public */
export interface Endpoint {
  readonly host: string
  /** Nobody named an address or a context: it is the program's own default. */
  readonly isDefault: boolean
  /** The context it came from; `default` when it came from a flag or the environment. */
  readonly contextName: string
  readonly tls?: EngineTls
}

/** Where an address may come from. */
export interface EndpointSources {
  readonly flags: GlobalFlags
  readonly env: NodeJS.ProcessEnv
  /** Read only when nothing before it decides. */
  readonly currentContext: () => string
  readonly defaultHost: string
}

/**
 * Chooses the engine, in docker's order: `--context`, `--host`, DOCKER_HOST, DOCKER_CONTEXT, the config file's
 * current context, the default. Throws with docker's text for a context that is missing or a host that is malformed.
 */
export function resolveEndpoint(sources: EndpointSources): Endpoint {
  const { flags, env, defaultHost } = sources
  if (flags.context !== '' && flags.hosts.length > 0) {
    throw new ExitError(1, 'conflicting options: cannot specify both --host and --context')
  }
  const contextName = contextOf(sources)
  if (contextName !== 'default') return initialise(() => fromContext(contextName, flags, env))
  if (flags.hosts.length > 1) throw initialisationError(new Error('Specify only one -H'))
  const named = flags.hosts[0] ?? env.DOCKER_HOST ?? ''
  const tls = initialise(() => tlsOf(flags, env))
  const host = named === '' ? defaultHost : initialise(() => normalizeHost(named, defaultHost, tls !== undefined))
  return { host, isDefault: named === '', contextName, ...(tls ? { tls } : {}) }
}

function contextOf({ flags, env, currentContext }: EndpointSources): string {
  if (flags.context !== '') return flags.context
  if (flags.hosts.length > 0 || env.DOCKER_HOST) return 'default'
  return env.DOCKER_CONTEXT || currentContext() || 'default'
}

function initialise<T>(step: () => T): T {
  try {
    return step()
  } catch (error) {
    throw initialisationError(error as Error)
  }
}

function initialisationError(error: Error): ExitError {
  return new ExitError(1, `Failed to initialize: unable to resolve docker endpoint: ${error.message}`, { cause: error })
}

function fromContext(name: string, flags: GlobalFlags, env: NodeJS.ProcessEnv): Endpoint {
  const stored = readContext(flags.configDirectory, name)
  const overriding = tlsOf(flags, env)
  const tls = overriding ?? stored.tls
  return { host: stored.host, isDefault: false, contextName: name, ...(tls ? { tls } : {}) }
}

/** The certificates that flags and environment ask for; undefined when TLS is off. */
function tlsOf(flags: GlobalFlags, env: NodeJS.ProcessEnv): EngineTls | undefined {
  const verify = flags.tlsVerify || (env.DOCKER_TLS_VERIFY ?? '') !== ''
  const on = verify || flags.tls || isTrue(env.DOCKER_TLS)
  if (!on) return undefined
  const directory = env.DOCKER_CERT_PATH || flags.configDirectory
  const read = (chosen: string, name: string): Buffer | undefined => {
    const path = chosen || join(directory, name)
    try {
      return readFileSync(path)
    } catch (error) {
      if (chosen === '' && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw openFailure(path, error)
    }
  }
  const ca = verify || flags.tlsCa ? read(flags.tlsCa, 'ca.pem') : undefined
  const cert = read(flags.tlsCert, 'cert.pem')
  const key = read(flags.tlsKey, 'key.pem')
  return { verify, ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) }
}

function isTrue(text: string | undefined): boolean {
  try {
    return parseBool(text ?? '')
  } catch {
    return false
  }
}

/**
 * A host as a user may type it (`:2376`, `example.org`, `unix://`) with scheme, name and port. Throws
 * `invalid bind address format` for a scheme that nothing listens on.
 */
export function normalizeHost(text: string, defaultHost: string, tls = false): string {
  const host = text.trim()
  const [scheme, rest] = host.includes('://') ? (host.split(/:\/\/(.*)/s) as [string, string]) : ['tcp', host]
  switch (scheme) {
    case 'unix':
      return rest === '' ? defaultHost : host
    case 'tcp':
      return normalizeTcp(rest, host, tls)
    case 'http':
    case 'https':
    case 'ssh':
    case 'npipe':
    case 'fd':
      return host
    default:
      throw new Error(`invalid bind address format: ${text}`)
  }
}

function normalizeTcp(rest: string, given: string, tls: boolean): string {
  const port = tls ? 2376 : 2375
  if (rest === '') return `tcp://localhost:${port}`
  const match = /^(\[[^\]]*\]|[^:/]*)(?::([0-9]*))?(\/.*)?$/.exec(rest)
  if (!match) throw new Error(`invalid bind address format: ${given}`)
  return `tcp://${match[1] || 'localhost'}:${match[2] || port}${match[3] ?? ''}`
}
