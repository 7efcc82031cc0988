// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, writeSync } from 'node:fs'
import { StackError } from '@teu/errors'

/** How bad a line is; the words are those that callers look for. @internal */
export type LogLevel = 'debug' | 'warning' | 'error'

/** Where a run says what went wrong. @internal */
export interface Logger {
  write: (level: LogLevel, message: string) => void
  /** Whether lines go to a file, so that errors must also be said on standard error. */
  readonly toFile: boolean
  close: () => void
}

/** What `--log`, `--log-format` and `--debug` say. @internal */
export interface LoggerInit {
  path: string | undefined
  format: string
  debug: boolean
}

/** One line in the format of `--log-format`: callers parse the last one that says error. @internal */
export function formatLine(format: 'text' | 'json', level: LogLevel, message: string, time: Date): string {
  const stamp = time.toISOString().replace(/\.\d+Z$/, 'Z')
  if (format === 'json') return `${JSON.stringify({ level, msg: message, time: stamp })}\n`
  return `time=${JSON.stringify(stamp)} level=${level} msg=${JSON.stringify(message)}\n`
}

/** Opens the log. Lines are appended, so that several runs may share a file. @internal */
export function openLog({ path, format, debug }: LoggerInit): Logger {
  if (format !== 'text' && format !== 'json') {
    throw new StackError('invalid-argument', `invalid log-format: ${format}`)
  }
  const fd = path === undefined ? 2 : openSync(path, 'a', 0o644)
  return {
    toFile: path !== undefined,
    write(level, message) {
      if (level === 'debug' && !debug) return
      writeSync(fd, formatLine(format, level, message, new Date()))
    },
    close() {
      if (path !== undefined) closeSync(fd)
    },
  }
}
