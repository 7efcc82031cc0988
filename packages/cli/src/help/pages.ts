// SPDX-License-Identifier: Apache-2.0
import type { Cli } from '../cli.ts'
import { commonCommands, groups } from '../command-table.ts'
import { globalFlags } from '../global-flags.ts'
import type { AnyCommand } from '../grammar/command.ts'
import type { Flag, FlagTable } from '../grammar/flag.ts'
import type { CommandOutline } from '../oclif/command-outline.ts'
import { twoColumns } from './wrap.ts'

function widthOf({ streams }: Cli): number {
  return streams.stdout.columns ?? 80
}

/** The help page of one command, under the path it was asked for by. */
export function commandPage(cli: Cli, command: AnyCommand, path: string): string {
  const { binName } = cli
  const names = [command.path, ...command.aliases].map((name) => `${binName} ${name}`)
  const options = optionLines(command.flags, widthOf(cli))
  return [
    `Usage:  ${binName} ${path}${command.usage === '' ? '' : ` ${command.usage}`}`,
    command.summary,
    ...(names.length > 1 ? [`Aliases:\n  ${names.join(', ')}`] : []),
    ...(options === '' ? [] : [`Options:\n${options}`]),
  ].join('\n\n')
}

/** The help page of a group: its sentence and its commands. */
export function groupPage(cli: Cli, group: string, outline: readonly CommandOutline[]): string {
  const { binName } = cli
  const rows = outline
    .filter(({ path }) => path.startsWith(`${group} `))
    .map(({ path, summary }) => [`  ${path.slice(group.length + 1)}`, summary] as const)
    .sort(byFirst)
  return [
    `Usage:  ${binName} ${group} COMMAND`,
    groups[group] ?? '',
    `Commands:\n${twoColumns(rows, Number.POSITIVE_INFINITY)}`,
    `Run '${binName} ${group} COMMAND --help' for more information on a command.`,
  ].join('\n\n')
}

/** The first page: common commands, groups, the other commands, and the global flags. */
export function rootPage(cli: Cli, outline: readonly CommandOutline[]): string {
  const { binName } = cli
  const short = new Map(outline.flatMap((entry) => topNames(entry).map((name) => [name, entry.summary] as const)))
  const row = (name: string) => [`  ${name}`, short.get(name) ?? groups[name] ?? ''] as const
  const common = commonCommands.filter((name) => short.has(name))
  const rest = [...short.keys()].filter((name) => !commonCommands.includes(name)).sort()
  return [
    `Usage:  ${binName} [OPTIONS] COMMAND`,
    'Containers, from a shell',
    section('Common Commands', common.map(row)),
    section('Management Commands', Object.keys(groups).map(row)),
    section('Commands', rest.map(row)),
    `Global Options:\n${optionLines(globalFlags, widthOf(cli))}`,
    `Run '${binName} COMMAND --help' for more information on a command.`,
  ].join('\n\n')
}

function topNames({ path, aliases }: CommandOutline): string[] {
  return [path, ...aliases].filter((name) => !name.includes(' '))
}

function section(title: string, rows: readonly (readonly [string, string])[]): string {
  return `${title}:\n${twoColumns(rows, Number.POSITIVE_INFINITY)}`
}

function optionLines(flags: FlagTable, width: number): string {
  const rows = Object.entries(flags)
    .filter(([, flag]) => !flag.hidden)
    .sort(byFirst)
    .map(([name, flag]) => optionRow(name, flag))
  return rows.length === 0 ? '' : twoColumns(rows, width)
}

function optionRow(name: string, { char, helpValue, summary, defaultText }: Flag<unknown>): readonly [string, string] {
  const short = char ? `-${char}, ` : '    '
  const value = helpValue === '' ? '' : ` ${helpValue}`
  return [`  ${short}--${name}${value}`, defaultText ? `${summary} (default ${defaultText})` : summary]
}

function byFirst([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0
}
