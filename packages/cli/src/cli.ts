// SPDX-License-Identifier: Apache-2.0
import { constants, homedir } from 'node:os'
import { join } from 'node:path'
import { findCommand } from './command-table.ts'
import { CommandContext, type DaemonMissingHandler } from './context/command-context.ts'
import type { GlobalFlags } from './context/endpoint.ts'
import { type CliStreams, flushed } from './context/streams.ts'
import { ExitError, exitStatusOf, exitTextOf, usageStatus } from './exit-status.ts'
import { escapeControl } from './format/escape-control.ts'
import { globalFlags, globalWords } from './global-flags.ts'
import { type AnyCommand, countRefusal } from './grammar/command.ts'
import { FlagError, parseFlags } from './grammar/parse-flags.ts'
import { Interrupts } from './interrupts.ts'
import { openOtherDoor } from './oclif/other-door.ts'
import { version } from './version.ts'

/** How a program that embeds the command line wants it to be. @public */
export interface CliOptions {
  /** The program's name in messages and help. Default `teu-cli`. */
  readonly binName?: string
  /** The engine when nothing names one. Default `unix:///var/run/docker.sock`. */
  readonly defaultHost?: string
  /** What `version` and `--version` print. Default the version of this package. */
  readonly version?: string
  /** Default the process's own. */
  readonly streams?: CliStreams
  /** Default `process.env`. */
  readonly env?: NodeJS.ProcessEnv
  readonly onDaemonMissing?: DaemonMissingHandler
}

/** {@link CliOptions} with everything filled in. */
export interface Cli {
  readonly binName: string
  readonly defaultHost: string
  readonly version: string
  readonly streams: CliStreams
  readonly env: NodeJS.ProcessEnv
  readonly onDaemonMissing: DaemonMissingHandler | undefined
}

/**
 * Runs one command line and returns the exit status; `argv` holds the words after the program's name. Failures are
 * printed, never thrown, and all output is out when the promise settles. The process is not ended, but its signals are
 * listened to while the command runs.
 *
 * @public
 */
export async function runCli(argv: readonly string[], options: CliOptions = {}): Promise<number> {
  const cli: Cli = {
    binName: options.binName ?? 'teu-cli',
    defaultHost: options.defaultHost ?? 'unix:///var/run/docker.sock',
    version: options.version ?? version,
    streams: options.streams ?? { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr },
    env: options.env ?? process.env,
    onDaemonMissing: options.onDaemonMissing,
  }
  const gone = readerGone(cli.streams)
  const { stdout, stderr } = cli.streams
  const run = async () => {
    const status = await statusOf(cli, argv)
    await Promise.all([flushed(stdout), flushed(stderr)])
    return status
  }
  return Promise.race([run(), gone])
}

async function statusOf(cli: Cli, argv: readonly string[]): Promise<number> {
  using interrupts = new Interrupts(cli.streams.stderr)
  try {
    return await dispatch(cli, argv, interrupts)
  } catch (error) {
    if (interrupts.status !== undefined && !(error instanceof ExitError)) return interrupts.status
    const text = exitTextOf(error)
    if (text !== '') cli.streams.stderr.write(`${escapeControl(text, '\n\t')}\n`)
    return exitStatusOf(error)
  }
}

/**
 * Settles when nobody reads standard output any more, with the status of a program that SIGPIPE ended. It is no
 * failure that anyone could be told of.
 */
function readerGone({ stdout, stderr }: CliStreams): Promise<number> {
  stderr.on('error', () => {})
  return new Promise((resolve) => {
    stdout.on('error', () => resolve(128 + constants.signals.SIGPIPE))
  })
}

async function dispatch(cli: Cli, argv: readonly string[], interrupts: Interrupts): Promise<number> {
  const program = refusing(cli, '', '[OPTIONS] COMMAND [ARG...]', () =>
    parseFlags(globalFlags, argv, { stopAtFirstArgument: true }),
  )
  program.notices.forEach((notice) => void cli.streams.stderr.write(`${notice}\n`))
  const { values } = program
  if (values.version) {
    cli.streams.stdout.write(`Docker version ${cli.version}, build ${cli.binName}\n`)
    return 0
  }
  const found = program.help ? undefined : findCommand(program.args)
  const flags = globalFlagsOf(cli, values)
  checkLogLevel(flags.logLevel)
  if (!found)
    return openOtherDoor(cli, flags, program.args, program.help, { globalWords: globalWords(program), interrupts })
  return runCommand(cli, flags, found.command, found.path, found.rest, interrupts)
}

/** Runs one command of the table with the words after its path. */
export async function runCommand(
  cli: Cli,
  flags: GlobalFlags,
  command: AnyCommand,
  path: string,
  argv: readonly string[],
  interrupts: Interrupts,
): Promise<number> {
  const input = refusing(cli, path, command.usage, () =>
    parseFlags(command.flags, argv, { stopAtFirstArgument: command.stopAtFirstArgument ?? false }),
  )
  for (const notice of input.notices) cli.streams.stderr.write(`${notice}\n`)
  if (input.help) return openOtherDoor(cli, flags, path.split(' '), true)
  checkCount(cli, path, command, input.args.length)
  const context = new CommandContext({
    ...cli,
    flags,
    commandPath: path,
    signal: interrupts.signal,
    ownsSignals: () => interrupts.leaveToCommand(),
  })
  try {
    return (await command.run(context, input)) ?? 0
  } finally {
    await context.close()
  }
}

function refusing<T>(cli: Cli, path: string, usage: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof FlagError)) throw error
    const name = path === '' ? cli.binName : `${cli.binName} ${path}`
    const text = `${error.message}\n\nUsage:  ${name} ${usage}\n\nRun '${name} --help' for more information`
    throw new ExitError(usageStatus, text, { cause: error })
  }
}

function checkCount(cli: Cli, path: string, command: AnyCommand, count: number): void {
  const name = `${cli.binName} ${path}`
  const refusal = countRefusal(name, command.arguments, count)
  if (refusal === undefined) return
  const verb = command.arguments.max === undefined ? 'See' : 'Run'
  const usage = `Usage:  ${name}${command.usage === '' ? '' : ` ${command.usage}`}`
  throw new ExitError(1, `${cli.binName}: ${refusal}\n\n${usage}\n\n${verb} '${name} --help' for more information`)
}

const logLevels = ['debug', 'info', 'warn', 'warning', 'error', 'fatal', 'panic', 'trace']

function checkLogLevel(level: string): void {
  if (!logLevels.includes(level.toLowerCase())) throw new ExitError(1, `Unable to parse logging level: ${level}`)
}

function globalFlagsOf(cli: Cli, values: ReturnType<typeof parseFlags<typeof globalFlags>>['values']): GlobalFlags {
  return {
    hosts: values.host,
    context: values.context,
    configDirectory: values.config || cli.env.DOCKER_CONFIG || join(cli.env.HOME || homedir(), '.docker'),
    debug: values.debug,
    logLevel: values['log-level'],
    tls: values.tls,
    tlsVerify: values.tlsverify,
    tlsCa: values.tlscacert,
    tlsCert: values.tlscert,
    tlsKey: values.tlskey,
  }
}
