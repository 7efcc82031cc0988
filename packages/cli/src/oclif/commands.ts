// SPDX-License-Identifier: Apache-2.0
import { Command, Flags, type Interfaces } from '@oclif/core'
import { runCli } from '../cli.ts'
import { commands } from '../command-table.ts'
import type { AnyCommand } from '../grammar/command.ts'
import type { Flag } from '../grammar/flag.ts'

/** Every command as an oclif command, by id: what the manifest is made of, and what plugins may call. */
export const COMMANDS: Readonly<Record<string, Command.Class>> = Object.fromEntries(
  commands.map((definition) => [idOf(definition.path), oclifCommand(definition)]),
)

function idOf(path: string): string {
  return path.replaceAll(' ', ':')
}

function oclifCommand(definition: AnyCommand): Command.Class {
  const { path, aliases, summary, usage, flags } = definition
  return class extends Command {
    static override id = idOf(path)
    static override summary = summary
    static override aliases = aliases.map(idOf)
    static override usage = `${path} ${usage}`
    static override flags = Object.fromEntries(
      Object.entries(flags).map(([name, flag]) => [name, oclifFlag(flag as Flag<unknown>)]),
    )
    // Arguments are counted, and flags are read, by docker's grammar, which is not oclif's.
    static override strict = false

    override async run(): Promise<void> {
      this.exit(await runCli([...path.split(' '), ...this.argv], { binName: this.config.bin }))
    }
  } as unknown as Command.Class
}

function oclifFlag({ type, char, summary, hidden, multiple, helpValue }: Flag<unknown>): Interfaces.Flag<unknown> {
  const shared = {
    summary,
    ...(char ? { char: char as Interfaces.AlphabetLowercase } : {}),
    ...(hidden ? { hidden } : {}),
  }
  if (type === 'boolean') return Flags.boolean(shared) as Interfaces.Flag<unknown>
  // The two kinds of text flags have types that no one expression satisfies.
  const makeText = Flags.string as unknown as (options: object) => Interfaces.Flag<unknown>
  return makeText({ ...shared, multiple, helpValue })
}
