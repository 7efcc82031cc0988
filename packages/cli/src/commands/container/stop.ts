// SPDX-License-Identifier: Apache-2.0
import { integer, text } from '../../flags/kinds.ts'
import { defineCommand } from '../../grammar/command.ts'
import { forEachName } from '../each.ts'

const flags = {
  signal: text("Signal to send instead of the container's own", { char: 's' }),
  time: integer('Seconds to wait before killing', { hidden: true }),
  timeout: integer('Seconds to wait before killing', { char: 't' }),
}

function timeoutOf(given: ReadonlySet<string>, values: { time: number; timeout: number }): { timeout?: number } {
  if (given.has('timeout') && given.has('time')) {
    throw new Error('conflicting options: cannot specify both --timeout and --time')
  }
  if (given.has('timeout')) return { timeout: values.timeout }
  return given.has('time') ? { timeout: values.time } : {}
}

/** `stop`: sends the stop signal, then kills. */
export const stopCommand = defineCommand({
  path: 'container stop',
  aliases: ['stop'],
  summary: 'Stop one or more running containers',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags,
  arguments: { min: 1 },
  run: async (context, { values, given, args }) => {
    const options = { stopSignal: values.signal || undefined, ...timeoutOf(given, values), signal: context.signal }
    const engine = await context.engine()
    await forEachName(context, args, async (name) => {
      await engine.containerStop(name, options)
      return name
    })
  },
})

/** `restart`: stops and starts again. */
export const restartCommand = defineCommand({
  path: 'container restart',
  aliases: ['restart'],
  summary: 'Restart one or more containers',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags,
  arguments: { min: 1 },
  run: async (context, { values, given, args }) => {
    const options = { stopSignal: values.signal || undefined, ...timeoutOf(given, values), signal: context.signal }
    const engine = await context.engine()
    await forEachName(context, args, async (name) => {
      await engine.containerRestart(name, options)
      return name
    })
  },
})
