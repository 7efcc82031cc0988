// SPDX-License-Identifier: Apache-2.0
import type { Command } from './command.ts'
import { createOptionHelp, createOptions } from './process-options.ts'

/** `create`. @internal */
export const command: Command = {
  name: 'create',
  summary: 'create a container',
  usage: '[command options] <container-id>',
  arguments: { exactly: 1 },
  options: createOptionHelp,
  failurePrefix: 'teu-runtime create failed: ',
  async run({ runtime, options, positionals, signal }) {
    await runtime.create(positionals[0] as string, { ...createOptions(options), signal })
    return 0
  },
}
