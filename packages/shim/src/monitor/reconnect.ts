// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { processName, recordFolder } from '../process/process-record.ts'
import { MonitorClient } from './monitor-client.ts'

/** Connects to the monitor of a process that an earlier shim started. Undefined when it has left. @internal */
export async function reconnectMonitor(bundle: string, execId: string): Promise<MonitorClient | undefined> {
  let folder: number
  try {
    folder = openSync(join(bundle, recordFolder), constants.O_RDONLY | constants.O_DIRECTORY)
  } catch {
    return undefined
  }
  try {
    // Through the descriptor: a bundle's path may be longer than a socket's may be.
    const socket = await dial(`/proc/self/fd/${folder}/${processName(execId)}.sock`)
    return socket && new MonitorClient(socket)
  } finally {
    closeSync(folder)
  }
}

function dial(path: string): Promise<Socket | undefined> {
  const { promise, resolve } = Promise.withResolvers<Socket | undefined>()
  const socket = connect(path)
  socket.once('connect', () => resolve(socket))
  socket.once('error', () => resolve(undefined))
  return promise
}
