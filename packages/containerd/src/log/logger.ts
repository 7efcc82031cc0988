// SPDX-License-Identifier: Apache-2.0

/** Levels of a {@link Logger}, from the most to the least talkative. @public */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'panic'] as const

/** One of {@link logLevels}. @public */
export type LogLevel = (typeof logLevels)[number]

type Log = (fields: Readonly<Record<string, unknown>>, message: string) => void

/** What the daemon writes its log to; a pino logger is one. @public */
export interface Logger {
  debug: Log
  info: Log
  warn: Log
  error: Log
}

/** Says nothing. @public */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }
