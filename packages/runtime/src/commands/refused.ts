// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { Command } from './command.ts'

/** A command of the original that is not offered: it says so, whatever its line is. @internal */
export function refusedCommand(name: string, summary: string): Command {
  return {
    name,
    summary,
    usage: '[command options] <container-id>',
    arguments: { atLeast: 0 },
    options: {},
    stopsAtFirstArgument: true,
    ignoresUnknownOptions: true,
    async run() {
      throw new StackError('not-implemented', `${name} is not supported`)
    },
  }
}
