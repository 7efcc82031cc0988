// SPDX-License-Identifier: Apache-2.0
import type { Command } from './command.ts'

/** `delete`. @internal */
export const command: Command = {
  name: 'delete',
  summary: 'remove a stopped container',
  usage: '[command options] <container-id>',
  arguments: { exactly: 1 },
  options: { force: { type: 'boolean', short: 'f', help: 'kill a container that still runs (SIGKILL)' } },
  async run({ runtime, options, positionals, signal }) {
    await runtime.delete(positionals[0] as string, { force: options.force === true, signal })
    return 0
  },
}
