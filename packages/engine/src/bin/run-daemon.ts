// SPDX-License-Identifier: Apache-2.0
import { connectContainerd } from '@teu/containerd-api'
import { messageOf } from '@teu/errors'
import { readDaemonConfig } from '../config/daemon-json.ts'
import { daemonOptions } from '../config/daemon-options.ts'
import { parseFlags, usage } from '../config/flags.ts'
import { removePidFile, writePidFile } from '../config/pid-file.ts'
import { createEngine } from '../engine.ts'
import { createLog } from '../log.ts'
import { engineVersion } from '../version.ts'

/** How long stopping may take, in milliseconds, before the process goes anyway: its state is safe at any moment. */
const stopPatience = 10_000

/** Runs the daemon until it is told to stop by SIGTERM or SIGINT. Rejects when it cannot start. */
export async function runDaemon(args: readonly string[]): Promise<void> {
  const flags = parseFlags(args)
  if (flags.help) return void process.stdout.write(usage)
  if (flags.version) return void process.stdout.write(`teu-engine ${engineVersion}\n`)
  const config = readDaemonConfig(flags.configFile ?? '/etc/teu/daemon.json', flags.configFile !== undefined)
  const options = daemonOptions(flags, config)
  const log = createLog(options.logLevel)
  if (options.pidfile !== undefined) writePidFile(options.pidfile)
  const stopped = Promise.withResolvers<string>()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stopped.resolve(signal))
  // One request's mistake must not end everybody's work.
  process.on('uncaughtException', (error) => log.error('uncaught error', { error: error.stack ?? error.message }))
  process.on('unhandledRejection', (error) => log.error('unhandled rejection', { error: messageOf(error) }))
  await using containerd = connectContainerd({ address: options.containerdAddress })
  await using engine = await createEngine({ ...options.engine, containerd, log })
  const addresses = await engine.listen(...options.hosts)
  log.info('serving the Docker Engine API', { addresses, containerd: options.containerdAddress })
  const signal = await stopped.promise
  log.info('stopping', { signal })
  setTimeout(() => process.exit(0), stopPatience).unref()
  if (options.pidfile !== undefined) removePidFile(options.pidfile)
}
