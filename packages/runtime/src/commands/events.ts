// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { eventLine } from '../events/event-json.ts'
import type { Command } from './command.ts'
import { durationOption } from './parse.ts'

const defaultIntervalMs = 5000

/** `events`. @internal */
export const command: Command = {
  name: 'events',
  summary: 'print what a container uses, and when it is out of memory',
  usage: '[command options] <container-id>',
  arguments: { exactly: 1 },
  options: {
    interval: { type: 'string', help: 'time between two statistics, default 5s' },
    stats: { type: 'boolean', help: 'print the statistics once' },
  },
  async run({ runtime, options, positionals, signal, print }) {
    const id = positionals[0] as string
    const intervalMs = durationOption(options, 'interval', defaultIntervalMs)
    if (intervalMs <= 0) throw new StackError('invalid-argument', 'duration interval must be greater than 0')
    if (options.stats === true) {
      print(eventLine({ type: 'stats', id, data: await runtime.stats(id, { signal }) }))
      return 0
    }
    for await (const event of runtime.events(id, { intervalMs, signal })) print(eventLine(event))
    return 0
  },
}
