// SPDX-License-Identifier: Apache-2.0
import { commands } from '../command-table.ts'
import type { Flag } from '../grammar/flag.ts'
import { version } from '../version.ts'

/** The manifest of this package in oclif's shape. */
export interface Manifest {
  readonly version: string
  readonly commands: Readonly<Record<string, unknown>>
}

/** Makes the manifest out of the command table. */
export function manifest(): Manifest {
  const entries = commands.map((command) => {
    const id = command.path.replaceAll(' ', ':')
    const flags = Object.entries(command.flags as Record<string, Flag<unknown>>)
    return [
      id,
      {
        id,
        summary: command.summary,
        usage: `${command.path} ${command.usage}`,
        aliases: command.aliases.map((alias) => alias.replaceAll(' ', ':')),
        hiddenAliases: [],
        args: {},
        flags: Object.fromEntries(flags.map(([name, flag]) => [name, flagEntry(name, flag)])),
        hasDynamicHelp: false,
        strict: false,
        enableJsonFlag: false,
        pluginName: '@teu/cli',
        pluginType: 'core',
      },
    ] as const
  })
  return { version, commands: Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))) }
}

function flagEntry(name: string, { type, char, summary, hidden, multiple, helpValue }: Flag<unknown>): object {
  return {
    name,
    type,
    summary,
    ...(char ? { char } : {}),
    ...(hidden ? { hidden } : {}),
    ...(type === 'boolean' ? { allowNo: false } : { hasDynamicHelp: false, multiple, helpValue }),
  }
}
