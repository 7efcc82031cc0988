// SPDX-License-Identifier: Apache-2.0
import { text } from '../../flags/kinds.ts'
import { defineCommand } from '../../grammar/command.ts'
import { saveStream } from '../save-stream.ts'

/** `export`: the root filesystem of a container as a tar. */
export const exportCommand = defineCommand({
  path: 'container export',
  aliases: ['export'],
  summary: "Export a container's filesystem as a tar archive",
  usage: '[OPTIONS] CONTAINER',
  flags: { output: text('File to write to instead of standard output', { char: 'o' }) },
  arguments: { min: 1, max: 1 },
  run: async (context, { values, args }) => {
    const engine = await context.engine()
    await saveStream(context, values.output, 'export container', () =>
      engine.containerExport(args[0] as string, { signal: context.signal }),
    )
  },
})
