// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { checkContainerId } from '../container/container-id.ts'
import type { Command } from './command.ts'
import { commandHelp } from './help.ts'

/**
 * `checkpoint` and `restore`, which need CRIU and are not offered: they take the original's line and say so, whatever
 * its options are; of a container that does not exist, `checkpoint` says that first.
 *
 * @internal
 */
export function refusedCommand(name: 'checkpoint' | 'restore', summary: string): Command {
  return {
    name,
    summary,
    usage: '[command options] <container-id>',
    arguments: { atLeast: 0 },
    options: {},
    ignoresUnknownOptions: true,
    async run({ runtime, positionals, print }) {
      if (positionals.some((argument) => ['-h', '-help', '--help'].includes(argument))) {
        print(commandHelp(refusedCommand(name, summary)))
        return 0
      }
      const id = positionals.findLast((argument) => !argument.startsWith('-'))
      if (name === 'checkpoint' && id !== undefined) {
        checkContainerId(id)
        await runtime.state(id)
      }
      throw new StackError('not-implemented', `${name} is not supported: this runtime does not work with CRIU`)
    },
  }
}
