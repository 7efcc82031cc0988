// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { StackError } from '@teu/errors'
import {
  encodeRecords,
  type MonitorConfigRecord,
  monitorConfigLayouts,
  protocolConstants,
  protocolVersion,
} from '@teu/linux'
import { type ProcessStdio, processName, recordFolder } from '../process/process-record.ts'

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
  for (const [number, uri] of [init.stdin, init.stdout, init.stderr].entries()) {
    records.push({ kind: 'stream', number, ...streamOf(uri) })
  }
  if (init.terminal && init.consoleSocket !== undefined) records.push({ kind: 'terminal', socket: init.consoleSocket })
  if (init.command !== undefined) records.push({ kind: 'runtime', ...init.command })
  records.push({ kind: 'begin', version: protocolVersion })
  return encodeRecords(monitorConfigLayouts, records)
}

/** How a monitor is told of one stream: a path is a FIFO, `file://` is appended to, nothing is /dev/null. @internal */
export function streamOf(uri: string): { type: number; path: string } {
  if (uri === '') return { type: protocolConstants.streamNull, path: '' }
  if (uri.startsWith('/')) return { type: protocolConstants.streamFifo, path: uri }
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^?#]*)/.exec(uri)
  const path = match?.[2] ?? ''
  if (match?.[1] === 'fifo' && path.startsWith('/')) return { type: protocolConstants.streamFifo, path }
  if (match?.[1] === 'file' && path.startsWith('/')) return { type: protocolConstants.streamFile, path }
  throw new StackError(
    'invalid-argument',
    `unsupported stdio ${JSON.stringify(uri)}: expected a path, fifo:// or file://`,
  )
}

/** The file of a stream that is appended to one; its folders are made when they are missing. @internal */
export function fileOf(uri: string): string | undefined {
  const { type, path } = streamOf(uri)
  return type === protocolConstants.streamFile ? path : undefined
}
