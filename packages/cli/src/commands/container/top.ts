// SPDX-License-Identifier: Apache-2.0

import { escapeControl } from '../../format/escape-control.ts'
import { alignColumns } from '../../format/tab-writer.ts'
import { defineCommand } from '../../grammar/command.ts'

/** `top`: the processes of a container, in the words of `ps`. */
export const topCommand = defineCommand({
  path: 'container top',
  aliases: ['top'],
  summary: 'Display the running processes of a container',
  usage: 'CONTAINER [ps OPTIONS]',
  flags: {},
  arguments: { min: 1 },
  stopAtFirstArgument: true,
  run: async (context, { args }) => {
    const engine = await context.engine()
    const psArgs = args.slice(1).join(' ')
    const { Titles, Processes } = await engine.containerTop(args[0] as string, {
      ...(psArgs === '' ? {} : { psArgs }),
      signal: context.signal,
    })
    const rows = [Titles, ...Processes].map((row) => row.map((cell) => escapeControl(cell)).join('\t'))
    context.print(alignColumns(rows.join('\n'), { minimumWidth: 20, padding: 3 }))
  },
})
