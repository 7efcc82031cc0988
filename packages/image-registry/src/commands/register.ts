// SPDX-License-Identifier: Apache-2.0
import type { Command } from 'commander'
import { completionCommand } from './completion-command.ts'
import { deleteCommand } from './delete-command.ts'
import { inspectCommand } from './inspect-command.ts'
import { catalogCommand, tagsCommand } from './list-commands.ts'
import { copyCommand, pullCommand, pushCommand } from './move-commands.ts'
import { fsckCommand, gcCommand, statsCommand } from './store-commands.ts'
import { exportCommand, importCommand } from './store-image-commands.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * Adds every command of `teu-registry` but `serve` to a program. A command that fails prints one line to standard error
 * and sets `around.exitCode`; it never throws and never ends the process itself.
 *
 * @internal
 */
export function registerCommands(program: Command, around: Surroundings = process): void {
  program.commandsGroup('Images:')
  for (const make of [copyCommand, pullCommand, pushCommand, inspectCommand, deleteCommand])
    program.addCommand(make(around))
  program.commandsGroup('Registries:')
  for (const make of [catalogCommand, tagsCommand]) program.addCommand(make(around))
  program.commandsGroup('Upkeep:')
  for (const make of [gcCommand, fsckCommand, statsCommand, exportCommand, importCommand])
    program.addCommand(make(around))
  program.commandsGroup('Shells:')
  program.addCommand(completionCommand(program, around))
}
