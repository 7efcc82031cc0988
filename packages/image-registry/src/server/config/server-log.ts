// SPDX-License-Identifier: Apache-2.0
import { messageOf, StackError } from '@teu/errors'
import type { RequestRecord } from '../front/request-record.ts'

const levels = ['info', 'warn', 'error', 'silent'] as const
type Level = (typeof levels)[number]

/** Writes down what a registry does. @internal */
export interface ServerLog {
  request(record: RequestRecord): void
  note(level: 'info' | 'warn' | 'error', message: string, fields?: object): void
}

/** Where lines go. */
interface Output {
  write(text: string): unknown
  isTTY?: boolean
}

/**
 * Makes a log: JSON, an object a line, or text for people, which is the default on a terminal. Throws
 * `invalid-argument` for a level or a format that there is not.
 *
 * @internal
 */
export async function serverLog(
  output: Output,
  options: { level?: string | undefined; format?: string | undefined },
): Promise<ServerLog> {
  const { level = 'info', format = output.isTTY ? 'text' : 'json' } = options
  if (!levels.includes(level as Level))
    throw new StackError('invalid-argument', `log level ${JSON.stringify(level)}: want ${levels.join(', ')}`)
  if (format === 'text') return textLog(output, level as Level)
  if (format === 'json') return jsonLog(output, level as Level)
  throw new StackError('invalid-argument', `log format ${JSON.stringify(format)}: want json or text`)
}

/** Requests that went wrong on this side are worth a look; those that callers got wrong are theirs. */
function levelOf({ status }: RequestRecord): 'info' | 'error' {
  return status >= 500 ? 'error' : 'info'
}

async function jsonLog(output: Output, level: Level): Promise<ServerLog> {
  const { default: pino } = await import('pino')
  const formatters = { level: (label: string) => ({ level: label }) }
  const log = pino(
    { level, formatters, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    { write: (line) => output.write(line) },
  )
  return {
    request: (record) => log[levelOf(record)](record, 'request'),
    note: (at, message, fields = {}) => log[at](fields, message),
  }
}

function textLog(output: Output, level: Level): ServerLog {
  const write = (at: 'info' | 'warn' | 'error', text: string) => {
    if (levels.indexOf(at) < levels.indexOf(level)) return
    // What callers chose may hold anything: nothing of it may move a terminal's cursor.
    output.write(
      `${new Date().toTimeString().slice(0, 8)} ${at === 'info' ? '' : `${at}: `}${text.replace(/\p{Cc}/gu, '\ufffd')}\n`,
    )
  }
  return {
    request(record) {
      const { method, path, status, durationMs, received, sent, user, address, code } = record
      const who = user ?? address
      write(
        levelOf(record),
        `${status} ${method} ${path} ${who} ${durationMs} ms, ${received} in, ${sent} out${code ? ` ${code}` : ''}`,
      )
    },
    note(at, message, fields = {}) {
      const more = Object.entries(fields).map(([key, value]) => ` ${key}=${value}`)
      write(at, `${message}${more.join('')}`)
    },
  }
}

/** An error's text and code, for a log. @internal */
export function errorFields(error: unknown): { error: string; code?: string } {
  const code = (error as { code?: unknown } | null)?.code
  return { error: messageOf(error), ...(typeof code === 'string' && { code }) }
}
