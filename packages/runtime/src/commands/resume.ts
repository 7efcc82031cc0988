// SPDX-License-Identifier: Apache-2.0
import type { Command } from './command.ts'

/** `resume`. @internal */
export const command: Command = {
  name: 'resume',
  summary: 'let the processes of a paused container go on',
  usage: '<container-id>',
  arguments: { exactly: 1 },
  options: {},
  async run({ runtime, positionals, signal }) {
    await runtime.resume(positionals[0] as string, { signal })
    return 0
  },
}
