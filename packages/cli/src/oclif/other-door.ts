// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import type { Cli } from '../cli.ts'
import { findCommand, groups } from '../command-table.ts'
import { CommandContext } from '../context/command-context.ts'
import { loadConfigFile } from '../context/config-file.ts'
import type { GlobalFlags } from '../context/endpoint.ts'
import { ExitError } from '../exit-status.ts'
import { commandPage, groupPage, rootPage } from '../help/pages.ts'
import type { Interrupts } from '../interrupts.ts'
import { findDockerPlugin, runDockerPlugin } from '../plugins/docker-plugin.ts'
import type { CommandOutline } from './command-outline.ts'

/** The facts of this invocation that a program in place of a command is told. */
export interface ForeignInit {
  /** The global flags that were given, as words. */
  readonly globalWords: readonly string[]
  readonly interrupts: Interrupts
}

/**
 * Carries out what the front door does not: help pages, and commands that are not in this program's table. Those come
 * from oclif plugins, or from the programs that docker calls CLI plugins. This is the only place that loads oclif,
 * which costs more than starting Node.
 */
export async function openOtherDoor(
  cli: Cli,
  flags: GlobalFlags,
  words: readonly string[],
  help: boolean,
  foreign?: ForeignInit,
): Promise<number> {
  const [first] = words
  if (first === 'help') return openOtherDoor(cli, flags, words.slice(1), true, foreign)
  if (first === undefined) return show(cli, rootPage(cli, await outlineOf(cli)))
  const found = findCommand(words)
  if (found) return show(cli, commandPage(cli, found.command, found.path))
  if (Object.hasOwn(groups, first)) return openGroup(cli, words, help)
  return runForeign(cli, flags, words, help, foreign)
}

function show(cli: Cli, page: string): number {
  cli.streams.stdout.write(`${page}\n`)
  return 0
}

async function openGroup(cli: Cli, words: readonly string[], help: boolean): Promise<number> {
  const [group, second] = words as [string, string?]
  if (second === undefined || help || second === '--help') return show(cli, groupPage(cli, group, await outlineOf(cli)))
  const name = `${cli.binName} ${group}`
  const text = `${cli.binName}: unknown command: ${name} ${second}\n\nUsage:  ${name}`
  throw new ExitError(1, `${text}\n\nRun '${name} --help' for more information`)
}

/** The commands that oclif knows, each once: those of the manifest, and those that plugins add. */
async function outlineOf(cli: Cli): Promise<readonly CommandOutline[]> {
  const { commands } = await loadOclif(cli)
  const aliases = new Set(commands.flatMap((command) => command.aliases))
  return commands
    .filter(({ id, hidden }) => !hidden && !aliases.has(id))
    .map((command) => ({
      path: command.id.replaceAll(':', ' '),
      summary: command.summary ?? command.description ?? '',
      aliases: command.aliases.map((alias) => alias.replaceAll(':', ' ')),
    }))
}

async function loadOclif(cli: Cli): Promise<import('@oclif/core').Config> {
  const { Config } = await import('@oclif/core')
  const root = dirname(createRequire(import.meta.url).resolve('@teu/cli/package.json'))
  return Config.load({ root, version: cli.version })
}

async function runForeign(
  cli: Cli,
  flags: GlobalFlags,
  words: readonly string[],
  help: boolean,
  foreign: ForeignInit | undefined,
): Promise<number> {
  const [first, ...rest] = words as [string, ...string[]]
  const { config } = loadConfigFile(flags.configDirectory)
  const program = findDockerPlugin(first, flags.configDirectory, config.cliPluginsExtraDirs, (line) => {
    cli.streams.stderr.write(`${line}\n`)
  })
  if (program) {
    foreign?.interrupts.leaveToCommand()
    const env = await pluginEnvironment(cli, flags, words, help)
    const argv = [...(foreign?.globalWords ?? []), first, ...rest, ...(help ? ['--help'] : [])]
    return runDockerPlugin(program, argv, env, cli.streams.stdout.isTTY !== true)
  }
  const oclif = await loadOclif(cli)
  const id = oclif.findCommand(words.slice(0, 2).join(':')) ? words.slice(0, 2).join(':') : first
  if (oclif.findCommand(id)) return runOclif(oclif, id, words.slice(id.split(':').length), help)
  const { binName } = cli
  const text = `${binName}: unknown command: ${binName} ${first}`
  throw new ExitError(1, `${text}\n\nRun '${binName} --help' for more information`)
}

/** Words after which a plugin only tells about itself. */
const aboutItself = ['--help', '-h', 'help', 'version', '--version']

/**
 * The environment of a plugin: our own default engine is one that it could not know of, so that is named, and started
 * where it is missing. What the user named it finds by itself, as docker's plugins do.
 */
async function pluginEnvironment(
  cli: Cli,
  flags: GlobalFlags,
  words: readonly string[],
  help: boolean,
): Promise<NodeJS.ProcessEnv> {
  const context = new CommandContext({
    ...cli,
    flags,
    commandPath: words.join(' '),
    signal: new AbortController().signal,
    ownsSignals: () => {},
  })
  try {
    if (!isDefault(context)) return cli.env
    const asks = help || words.slice(1).some((word) => aboutItself.includes(word)) || words.length === 1
    const host = asks ? context.endpoint.host : (await context.engine()).host
    return { ...cli.env, DOCKER_HOST: host }
  } finally {
    await context.close()
  }
}

/** Whether nobody named an engine. A name that leads nowhere is the plugin's to refuse: it may need none. */
function isDefault(context: CommandContext): boolean {
  try {
    return context.endpoint.isDefault
  } catch {
    return false
  }
}

async function runOclif(
  config: import('@oclif/core').Config,
  id: string,
  argv: readonly string[],
  help: boolean,
): Promise<number> {
  if (help) {
    const { Help } = await import('@oclif/core')
    await new Help(config).showHelp([id])
    return 0
  }
  await config.runCommand(id, [...argv])
  return 0
}
