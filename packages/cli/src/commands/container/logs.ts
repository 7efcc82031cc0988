// SPDX-License-Identifier: Apache-2.0
import { write } from '../../context/streams.ts'
import { text, toggle } from '../../flags/kinds.ts'
import { timeOf } from '../../flags/time.ts'
import { defineCommand } from '../../grammar/command.ts'
import { copyFrames } from '../../run/attached-streams.ts'

/** `logs`: prints what a container has written, each stream to its own. */
export const logsCommand = defineCommand({
  path: 'container logs',
  aliases: ['logs'],
  summary: 'Fetch the logs of a container',
  usage: '[OPTIONS] CONTAINER',
  flags: {
    details: toggle('Show what the log driver added'),
    follow: toggle('Go on with new output', { char: 'f' }),
    since: text('From a time (2013-01-02T13:23:37Z) or an age (42m)'),
    tail: text('Number of lines from the end', { char: 'n', initial: 'all' }),
    timestamps: toggle('Show when each line was written', { char: 't' }),
    until: text('Up to a time (2013-01-02T13:23:37Z) or an age (42m)'),
  },
  arguments: { min: 1, max: 1 },
  run: async (context, { values, args }) => {
    const engine = await context.engine()
    const { signal, streams } = context
    const container = await engine.containerInspect(args[0] as string, { signal })
    const output = await engine.containerLogs(container.Id, {
      stdout: true,
      stderr: true,
      follow: values.follow,
      timestamps: values.timestamps,
      details: values.details,
      tail: values.tail,
      since: timeOf(values.since),
      until: timeOf(values.until),
      signal,
    })
    if (!container.Config.Tty) return copyFrames(output, streams.stdout, streams.stderr)
    for await (const chunk of output) await write(streams.stdout, chunk as Uint8Array)
    return undefined
  },
})
