// SPDX-License-Identifier: Apache-2.0
import type { Command } from './command.ts'
import { notifyOption } from './process-options.ts'

/** `start`. @internal */
export const command: Command = {
  name: 'start',
  summary: 'execute the program of a created container',
  usage: '<container-id>',
  arguments: { exactly: 1 },
  options: {},
  async run({ runtime, positionals, signal }) {
    await runtime.start(positionals[0] as string, { signal, ...notifyOption(process.env) })
    return 0
  },
}
