// SPDX-License-Identifier: Apache-2.0
import { type ContainerdServices, connectContainerd } from '@teu/containerd-api'
import { messageOf } from '@teu/errors'
import { readDaemonConfig } from './config/daemon-json.ts'
import { type DaemonOptions, daemonOptions } from './config/daemon-options.ts'
import { parseFlags, usage } from './config/flags.ts'
import { removePidFile, writePidFile } from './config/pid-file.ts'
import { reloadConfig } from './config/reload-config.ts'
import { createEngine } from './engine.ts'
import { useLittleMemory } from './frugal-memory.ts'
import { createLog } from './log.ts'
import { engineVersion } from './version.ts'

/** How long stopping may take, in milliseconds, before the process goes anyway: its state is safe at any moment. */
const stopPatience = 10_000

/** The containerd that a daemon runs on, and what ends with it. @public */
export interface DaemonContainerd extends AsyncDisposable {
  readonly services: ContainerdServices
  /** How the log names it. */
  readonly address: string
}

/** How a program that is more than an engine differs from `teu-engine`. @public */
export interface DaemonInit {
  /** The program's name in texts. Default `teu-engine`. */
  name?: string
  /** Opens the containerd. By default connects to `--containerd`'s socket. */
  openContainerd?: (options: DaemonOptions) => Promise<DaemonContainerd>
  /** Images that come with the program; see {@link EngineOptions.bundledLayouts}. */
  bundledLayouts?: Readonly<Record<string, string>>
}

async function connect({ containerdAddress = '/run/teu/containerd.sock' }: DaemonOptions): Promise<DaemonContainerd> {
  const services = connectContainerd({ address: containerdAddress })
  return { services, address: containerdAddress, [Symbol.asyncDispose]: () => services[Symbol.asyncDispose]() }
}

/**
 * Runs the daemon with dockerd's flags until it is told to stop by SIGTERM or SIGINT; SIGHUP makes it read its
 * configuration file again. Rejects when it cannot start.
 *
 * @public
 */
export async function runDaemon(args: readonly string[], init: DaemonInit = {}): Promise<void> {
  const { name = 'teu-engine', openContainerd = connect, bundledLayouts } = init
  const flags = parseFlags(args)
  if (flags.help) return void process.stdout.write(usage.replaceAll('teu-engine', name))
  if (flags.version) return void process.stdout.write(`${name} ${engineVersion}\n`)
  const read = () =>
    daemonOptions(flags, readDaemonConfig(flags.configFile ?? '/etc/teu/daemon.json', flags.configFile !== undefined))
  const options = read()
  using _memory = useLittleMemory()
  const log = createLog(options.logLevel)
  if (options.pidfile !== undefined) writePidFile(options.pidfile)
  const stopped = Promise.withResolvers<string>()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stopped.resolve(signal))
  let reload = () => log.warn('the configuration is not reloaded while the daemon starts')
  process.on('SIGHUP', () => reload())
  // One request's mistake must not end everybody's work.
  process.on('uncaughtException', (error) => log.error('uncaught error', { error: error.stack ?? error.message }))
  process.on('unhandledRejection', (error) => log.error('unhandled rejection', { error: messageOf(error) }))
  await using containerd = await openContainerd(options)
  await using engine = await createEngine({ ...options.engine, bundledLayouts, containerd: containerd.services, log })
  const addresses = await engine.listen(...options.hosts)
  log.info('serving the Docker Engine API', { addresses, containerd: containerd.address })
  reload = () => reloadConfig({ engine, log, started: options, read })
  const signal = await stopped.promise
  log.info('stopping', { signal })
  setTimeout(() => process.exit(0), stopPatience).unref()
  if (options.pidfile !== undefined) removePidFile(options.pidfile)
}
