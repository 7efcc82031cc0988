// SPDX-License-Identifier: Apache-2.0
import type { EventMessage } from '@teu/engine-api'
import { write } from '../../context/streams.ts'
import { ExitError } from '../../exit-status.ts'
import { filterFlag } from '../../flags/filter.ts'
import { text } from '../../flags/kinds.ts'
import { timeOf } from '../../flags/time.ts'
import { zoneOffset } from '../../format/duration.ts'
import { escapeControl } from '../../format/escape-control.ts'
import { toJson } from '../../format/go-template/functions.ts'
import { parseFormat, renderTemplate } from '../../format/template.ts'
import { defineCommand } from '../../grammar/command.ts'

/** `events`: what happens in the engine, as it happens. */
export const eventsCommand = defineCommand({
  path: 'system events',
  aliases: ['events'],
  summary: 'Get real time events from the server',
  usage: '[OPTIONS]',
  flags: {
    filter: filterFlag('Show only what matches', { char: 'f' }),
    format: text("Format: 'json' or a Go template"),
    since: text('From a time or an age on'),
    until: text('Up to a time or an age'),
  },
  arguments: { min: 0, max: 0 },
  run: async (context, { values }) => {
    const show = lineOf(values.format)
    const engine = await context.engine()
    const { signal } = context
    const events = await engine.events({
      since: timeOf(values.since),
      until: timeOf(values.until),
      filters: values.filter,
      signal,
    })
    for await (const event of events) await write(context.streams.stdout, `${show(event)}\n`)
  },
})

function lineOf(format: string): (event: EventMessage) => string {
  if (format === '') return eventLine
  if (format === 'json') return jsonLine
  const template = parseFormat(format, { status: 64 })
  return (event) => {
    try {
      return escapeControl(renderTemplate(template, templateData(event)), '\n\t')
    } catch (error) {
      throw new ExitError(1, (error as Error).message, { cause: error })
    }
  }
}

/** The event with its attributes sorted, as every encoder of the original writes them. */
function sortedEvent(event: EventMessage): EventMessage {
  const attributes = Object.entries(event.Actor.Attributes ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return { ...event, Actor: { ...event.Actor, Attributes: Object.fromEntries(attributes) } }
}

function jsonLine(event: EventMessage): string {
  return toJson(sortedEvent(event))
}

function templateData(event: EventMessage): unknown {
  const { status = '', id = '', from = '', scope, time, timeNano, ...rest } = sortedEvent(event)
  const legacy = { Status: status, ID: id, From: from, Scope: scope, Time: time, TimeNano: timeNano }
  const wire = sortedEvent(event)
  // `{{json .}}` writes the wire's names, fields are called by the type's.
  return Object.defineProperty({ ...legacy, ...rest }, 'toJSON', { value: () => wire, enumerable: false })
}

/** One event as a line: time, type, action, id, and the attributes in parentheses. */
export function eventLine({ Type, Action, Actor, time, timeNano }: EventMessage): string {
  const attributes = Object.entries(Actor.Attributes ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .sort()
  const tail = attributes.length > 0 ? ` (${attributes.join(', ')})` : ''
  return escapeControl(`${timestamp(time, timeNano)} ${Type} ${Action} ${Actor.ID}${tail}`)
}

/** RFC 3339 with nine digits of a second, in the local zone. */
function timestamp(time: number, timeNano: number | bigint): string {
  const nanos = timeNano ? BigInt(timeNano) : BigInt(time) * 1_000_000_000n
  const date = new Date(Number(nanos / 1_000_000n))
  const two = (value: number) => String(value).padStart(2, '0')
  const offset = zoneOffset(date)
  const zone = offset === '+0000' ? 'Z' : `${offset.slice(0, 3)}:${offset.slice(3)}`
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  return `${day}T${clock}.${String(nanos % 1_000_000_000n).padStart(9, '0')}${zone}`
}
