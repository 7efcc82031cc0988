// SPDX-License-Identifier: Apache-2.0
import type { DestinationStream, Logger } from 'pino'
import { pino } from 'pino'

/** Where the daemon tells what it does. Messages never hold credentials. */
export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

/** Says nothing. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** How much is told. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** A log whose level can change while it is used. */
export interface DaemonLog extends Log {
  setLevel(level: LogLevel): void
}

/** JSON lines on stderr, written at once. */
export function createLog(level: LogLevel): DaemonLog {
  const destination: DestinationStream = pino.destination({ fd: 2, sync: true })
  const logger: Logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
  const at = (name: LogLevel) => (message: string, fields?: object) =>
    fields ? logger[name](fields, message) : logger[name](message)
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    setLevel(next) {
      logger.level = next
    },
  }
}
