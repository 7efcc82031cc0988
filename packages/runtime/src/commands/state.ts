// SPDX-License-Identifier: Apache-2.0
import type { Command } from './command.ts'

/** `state`. @internal */
export const command: Command = {
  name: 'state',
  summary: 'print the state of a container',
  usage: '<container-id>',
  arguments: { exactly: 1 },
  options: {},
  async run({ runtime, positionals, print }) {
    print(JSON.stringify(await runtime.state(positionals[0] as string), undefined, 2))
    return 0
  },
}
