// SPDX-License-Identifier: Apache-2.0
import { messageOf } from '@teu/errors'
import { type Logger, type LogLevel, logLevels } from './logger.ts'

/**
 * A logger that writes lines as containerd does: `time="…" level=info msg="…" key=value`.
 *
 * @param level - lines below it are dropped
 * @param write - takes one line with its end
 */
export function textLogger(level: LogLevel, write: (line: string) => void): Logger {
  const least = logLevels.indexOf(level)
  const at = (name: 'debug' | 'info' | 'warn' | 'error'): Logger['info'] => {
    if (logLevels.indexOf(name) < least) return () => {}
    const word = name === 'warn' ? 'warning' : name
    return (fields, message) => {
      const rest = Object.entries(fields)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => ` ${key}=${quoted(textOf(value))}`)
      write(`time=${quoted(new Date().toISOString())} level=${word} msg=${quoted(message)}${rest.join('')}\n`)
    }
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function textOf(value: unknown): string {
  if (value instanceof Error) return messageOf(value)
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function quoted(text: string): string {
  return /^[\w./:@^+-]+$/.test(text) ? text : JSON.stringify(text)
}
