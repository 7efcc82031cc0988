// SPDX-License-Identifier: Apache-2.0
import type { Command } from './command.ts'

/** `pause`. @internal */
export const command: Command = {
  name: 'pause',
  summary: 'stop all processes of a container',
  usage: '<container-id>',
  arguments: { exactly: 1 },
  options: {},
  async run({ runtime, positionals, signal }) {
    await runtime.pause(positionals[0] as string, { signal })
    return 0
  },
}
