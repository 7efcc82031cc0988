// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { encodeRecords, type MonitorConfigRecord, monitorConfigLayouts, protocolVersion } from '@teu/linux'
import { type ProcessStdio, processName, recordFolder } from '../process/process-record.ts'
import { loggerArguments, streamsOf } from './stream-uri.ts'

/** What a monitor runs besides our own init role: an OCI runtime as a program. @internal */
export interface MonitoredCommand {
  readonly args: readonly string[]
  /** `NAME=value` each. */
  readonly environment: readonly string[]
  /** Where the program writes the pid of what it made. */
  readonly pidFile: string
}

/** What a monitor is started with. @internal */
export interface MonitorInit extends ProcessStdio {
  readonly bundle: string
  readonly execId: string
  /** What a logging program is told in its environment, `NAME=value` each. */
  readonly loggerEnvironment: readonly string[]
  /** Where the monitor listens for the pty master; needed with a terminal. */
  readonly consoleSocket?: string | undefined
  /** Absent: the init role, driven over the sync channel. */
  readonly command?: MonitoredCommand | undefined
}

/** The records that configure a monitor. Throws `invalid-argument` for a stream that it cannot serve. @internal */
export function encodeMonitorConfig(init: MonitorInit): Uint8Array {
  const name = join(recordFolder, processName(init.execId))
  const records: MonitorConfigRecord[] = [
    { kind: 'bundle', path: init.bundle },
    { kind: 'files', control: `${name}.sock`, exit: `${name}.exit` },
  ]
  for (const [number, stream] of streamsOf(init).entries()) records.push({ kind: 'stream', number, ...stream })
  const logger = loggerArguments(init)
  if (logger !== undefined) records.push({ kind: 'logger', args: logger, environment: init.loggerEnvironment })
  if (init.terminal && init.consoleSocket !== undefined) records.push({ kind: 'terminal', socket: init.consoleSocket })
  if (init.command !== undefined) records.push({ kind: 'runtime', ...init.command })
  records.push({ kind: 'begin', version: protocolVersion })
  return encodeRecords(monitorConfigLayouts, records)
}
