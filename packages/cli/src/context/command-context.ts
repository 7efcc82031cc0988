// SPDX-License-Identifier: Apache-2.0

import { createEngineClient, type EngineClient } from '@teu/engine-api'
import { isUnavailable } from '@teu/errors'
import type { ConfigFile } from './config-file.ts'
import { loadConfigFile } from './config-file.ts'
import { type Endpoint, type GlobalFlags, resolveEndpoint } from './endpoint.ts'
import type { CliStreams } from './streams.ts'

/**
 * Called when no engine answers at an address that nobody configured. It may start one and return the address to
 * try again, or return undefined to let the command fail.
 *
 * @public
 */
export type DaemonMissingHandler = (host: string, commandPath: string) => Promise<string | undefined>

/** What one invocation is made of. */
export interface ContextInit {
  readonly binName: string
  readonly version: string
  readonly streams: CliStreams
  readonly env: NodeJS.ProcessEnv
  readonly flags: GlobalFlags
  readonly defaultHost: string
  /** The command as it was spelled, without the program's name. */
  readonly commandPath: string
  readonly onDaemonMissing?: DaemonMissingHandler | undefined
  /** Aborted when the user interrupts the command. */
  readonly signal: AbortSignal
  /** Called by a command that answers interrupts itself. */
  readonly ownsSignals: () => void
}

/**
 * What a command is given: its streams and environment, and (made when first asked for) the user's configuration
 * and a client of the engine that it names.
 *
 * @public
 */
export class CommandContext {
  readonly binName: string
  readonly version: string
  readonly streams: CliStreams
  readonly env: NodeJS.ProcessEnv
  readonly flags: GlobalFlags
  readonly commandPath: string
  /** Aborted at the user's first interrupt; requests that nothing else ends should carry it. */
  readonly signal: AbortSignal
  /** Tells that this command answers interrupts itself: they then abort nothing. */
  readonly ownsSignals: () => void
  readonly #init: ContextInit
  #config: ConfigFile | undefined
  #endpoint: Endpoint | undefined
  #engine: Promise<EngineClient> | undefined

  constructor(init: ContextInit) {
    this.#init = init
    this.binName = init.binName
    this.version = init.version
    this.streams = init.streams
    this.env = init.env
    this.flags = init.flags
    this.commandPath = init.commandPath
    this.signal = init.signal
    this.ownsSignals = init.ownsSignals
  }

  /** The user's config file; a broken one is reported once on standard error and counts as empty. */
  get config(): ConfigFile {
    if (!this.#config) {
      const { config, warning } = loadConfigFile(this.flags.configDirectory)
      if (warning) this.printError(`WARNING: ${warning}`)
      this.#config = config
    }
    return this.#config
  }

  /** The engine's address and how it was chosen. */
  get endpoint(): Endpoint {
    this.#endpoint ??= resolveEndpoint({
      flags: this.flags,
      env: this.env,
      currentContext: () => this.config.currentContext,
      defaultHost: this.#init.defaultHost,
    })
    return this.#endpoint
  }

  /** The client of the engine. Nothing is sent before its first call, unless a missing daemon may be started. */
  engine(): Promise<EngineClient> {
    this.#engine ??= this.#connect()
    return this.#engine
  }

  /** Closes the client's idle connections, which would keep the process alive. */
  async close(): Promise<void> {
    await this.#engine?.then(
      (engine) => engine.close(),
      () => {},
    )
  }

  /** `promise`, or a rejection at the user's first interrupt, whichever comes first. */
  async untilInterrupted<T>(promise: Promise<T>): Promise<T> {
    const { promise: interrupted, reject } = Promise.withResolvers<never>()
    const onAbort = () => reject(this.signal.reason)
    this.signal.addEventListener('abort', onAbort)
    if (this.signal.aborted) onAbort()
    try {
      return await Promise.race([promise, interrupted])
    } finally {
      this.signal.removeEventListener('abort', onAbort)
      interrupted.catch(() => {})
    }
  }

  /** One line on standard output. */
  print(line: string): void {
    this.streams.stdout.write(`${line}\n`)
  }

  /** One line on standard error. */
  printError(line: string): void {
    this.streams.stderr.write(`${line}\n`)
  }

  async #connect(): Promise<EngineClient> {
    const { endpoint } = this
    const client = this.#client(endpoint.host)
    const { onDaemonMissing } = this.#init
    if (!onDaemonMissing || !endpoint.isDefault) return client
    try {
      await client.ping()
      return client
    } catch (error) {
      if (!isUnavailable(error)) return client
    }
    const host = await onDaemonMissing(endpoint.host, this.commandPath)
    if (host === undefined) return client
    client.close()
    return this.#client(host)
  }

  #client(host: string): EngineClient {
    const apiVersion = this.env.DOCKER_API_VERSION
    const { tls } = this.endpoint
    const headers = this.config.httpHeaders
    return createEngineClient({
      host,
      headers: { ...headers, 'user-agent': `Docker-Client/${this.version} (${process.platform})` },
      ...(apiVersion ? { apiVersion: apiVersion.replace(/^v/, '') } : {}),
      ...(tls ? { tls } : {}),
    })
  }
}
