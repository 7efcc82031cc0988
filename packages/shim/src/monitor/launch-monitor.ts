// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { dirname } from 'node:path'
import type { Duplex } from 'node:stream'
import { StackError, wrap } from '@teu/errors'
import { sealedTeuInit } from '@teu/linux'
import { MonitorClient } from './monitor-client.ts'
import { encodeMonitorConfig, fileOf, type MonitorInit } from './monitor-config.ts'

/** A monitor that was started, with the two channels to it. @internal */
export interface LaunchedMonitor {
  readonly client: MonitorClient
  readonly pid: number
  /** The sync channel of the init role; undefined when a command is monitored. */
  readonly channel: Duplex | undefined
}

/**
 * Starts a monitor: in its own session, so that it outlives this process, from the sealed executable, with an empty
 * environment. Rejects when it cannot be started; what it reports later comes through its client.
 *
 * @internal
 */
export async function launchMonitor(init: MonitorInit): Promise<LaunchedMonitor> {
  const config = encodeMonitorConfig(init)
  for (const file of [init.stdout, init.stderr].map(fileOf))
    if (file !== undefined) await mkdir(dirname(file), { recursive: true, mode: 0o755 })
  const ownRuntime = init.command === undefined
  const child = spawn(sealedTeuInit(), ['monitor'], {
    argv0: 'teu-init',
    cwd: '/',
    env: {},
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', ownRuntime ? 'pipe' : 'ignore', 'pipe'],
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  child.once('spawn', resolve)
  child.once('error', (error) => reject(wrap(error, 'start the monitor')))
  await promise
  child.on('error', () => {})
  child.unref()
  const control = child.stdio[4] as unknown as Socket
  const client = new MonitorClient(control)
  control.write(config)
  if (child.pid === undefined) throw new StackError('internal', 'the monitor has no pid')
  return { client, pid: child.pid, channel: ownRuntime ? (child.stdio[3] as unknown as Duplex) : undefined }
}
