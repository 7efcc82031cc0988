// SPDX-License-Identifier: Apache-2.0
import { ExitError, usageStatus } from '../../exit-status.ts'
import { defineCommand } from '../../grammar/command.ts'
import { type CreateConfig, createConfigOf } from '../../run/container-config.ts'
import { checkPullPolicy, createContainer } from '../../run/create-container.ts'
import { createFlags } from '../../run/create-flags.ts'

/** `create`: makes a container without starting it and prints its id. */
export const createCommand = defineCommand({
  path: 'container create',
  aliases: ['create'],
  summary: 'Create a new container',
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  flags: createFlags,
  arguments: { min: 1 },
  stopAtFirstArgument: true,
  run: async (context, input) => {
    let created: CreateConfig
    try {
      checkPullPolicy(input.values.pull)
      created = createConfigOf(input, context.env)
    } catch (error) {
      const { binName } = context
      const text = `${binName}: ${(error as Error).message}\n\nRun '${binName} create --help' for more information`
      throw new ExitError(usageStatus, text, { cause: error })
    }
    context.print(await createContainer(context, created, input.values))
  },
})
