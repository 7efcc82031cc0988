// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { Socket } from 'node:net'
import { dirname } from 'node:path'
import type { Duplex } from 'node:stream'
import { wrap } from '@teu/errors'
import { sealedTeuInit, spawnProcess, unixSocketPair } from '@teu/linux'
import { MonitorClient } from './monitor-client.ts'
import { encodeMonitorConfig, type MonitorInit } from './monitor-config.ts'
import { filesOf } from './stream-uri.ts'

/** A monitor that was started, with the two channels to it. @internal */
export interface LaunchedMonitor {
  readonly client: MonitorClient
  readonly pid: number
  /** The sync channel of the init role; undefined when a command is monitored. */
  readonly channel: Duplex | undefined
}

/**
 * Starts a monitor, which makes a session of its own so that it outlives this process, from the sealed executable, with
 * an empty environment. Rejects when it cannot be started; what it reports later comes through its client.
 *
 * @internal
 */
export async function launchMonitor(init: MonitorInit): Promise<LaunchedMonitor> {
  const config = encodeMonitorConfig(init)
  for (const file of filesOf(init)) await mkdir(dirname(file), { recursive: true, mode: 0o755 })
  const control = unixSocketPair()
  const channel = init.command === undefined ? unixSocketPair() : undefined
  try {
    const descriptors = [undefined, undefined, undefined, channel?.[1], control[1]]
    const pid = spawnProcess({ path: sealedTeuInit(), argv: ['teu-init', 'monitor'], descriptors })
    const socket = new Socket({ fd: control[0] })
    const client = new MonitorClient(socket)
    socket.write(config)
    return { client, pid, channel: channel && new Socket({ fd: channel[0] }) }
  } catch (error) {
    closeSync(control[0])
    if (channel) closeSync(channel[0])
    throw wrap(error, 'start the monitor')
  } finally {
    closeSync(control[1])
    if (channel) closeSync(channel[1])
  }
}
