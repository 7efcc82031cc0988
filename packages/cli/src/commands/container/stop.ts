// SPDX-License-Identifier: Apache-2.0
import type { ContainerStopOptions } from '@teu/engine-api'
import type { CommandContext } from '../../context/command-context.ts'
import { integer, text } from '../../flags/kinds.ts'
import { defineCommand } from '../../grammar/command.ts'
import type { ParsedFlags } from '../../grammar/flag.ts'
import { forEachName } from '../each.ts'

const flags = {
  signal: text("Signal to send instead of the container's own", { char: 's' }),
  time: integer('Seconds to wait before killing', {
    hidden: true,
    sameAs: 'timeout',
    deprecated: 'use --timeout instead',
  }),
  timeout: integer('Seconds to wait before killing', { char: 't' }),
}

function stopOptions(context: CommandContext, { values, given }: ParsedFlags<typeof flags>): ContainerStopOptions {
  return {
    signal: context.signal,
    ...(values.signal === '' ? {} : { stopSignal: values.signal }),
    ...(given.has('timeout') ? { timeout: values.timeout } : {}),
  }
}

/** `stop`: sends the stop signal, then kills. */
export const stopCommand = defineCommand({
  path: 'container stop',
  aliases: ['stop'],
  summary: 'Stop one or more running containers',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags,
  arguments: { min: 1 },
  run: async (context, input) => {
    const options = stopOptions(context, input)
    const engine = await context.engine()
    await forEachName(context, input.args, async (name) => {
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
  run: async (context, input) => {
    const options = stopOptions(context, input)
    const engine = await context.engine()
    await forEachName(context, input.args, async (name) => {
      await engine.containerRestart(name, options)
      return name
    })
  },
})
