// SPDX-License-Identifier: Apache-2.0
import { createCommand } from './commands/container/create.ts'
import { runCommand } from './commands/container/run.ts'
import type { AnyCommand } from './grammar/command.ts'

/** Every command, in the order of help. */
export const commands: readonly AnyCommand[] = [createCommand, runCommand]

/** A group of commands that share their first word, with its sentence for help. */
export const groups: Readonly<Record<string, string>> = {
  container: 'Manage containers',
  image: 'Manage images',
  system: 'Manage the engine',
}

const byPath = new Map(commands.flatMap((command) => [command.path, ...command.aliases].map((path) => [path, command])))

/** A command found by the first words of an argument vector. */
export interface FoundCommand {
  readonly command: AnyCommand
  /** The words that named it. */
  readonly path: string
  readonly rest: readonly string[]
}

/** Finds the command that `words` begin with; undefined when there is none. */
export function findCommand(words: readonly string[]): FoundCommand | undefined {
  for (const length of [2, 1]) {
    const path = words.slice(0, length).join(' ')
    const command = words.length >= length ? byPath.get(path) : undefined
    if (command) return { command, path, rest: words.slice(length) }
  }
  return undefined
}
