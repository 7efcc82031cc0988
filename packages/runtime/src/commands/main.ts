// SPDX-License-Identifier: Apache-2.0
import { writeSync } from 'node:fs'
import { StackError } from '@teu/errors'
import { closeOnExecFrom } from '@teu/linux'
import type { CgroupDriver } from '../cgroups/container-cgroup.ts'
import { createRuntime, defaultRoot } from '../create-runtime.ts'
import { commands, globalOptions } from './catalogue.ts'
import type { Command, CommandContext, OptionHelp } from './command.ts'
import { errorText } from './error-text.ts'
import { commandHelp, programHelp } from './help.ts'
import { type Logger, openLog } from './log.ts'
import { checkArguments, type ParsedLine, parseLine, textOption, UsageError } from './parse.ts'
import { versionText } from './version.ts'

const unknownCommandStatus = 3

/** The program: reads the command line, runs the command, says what went wrong. Resolves with the exit status. @internal */
export async function main(args: readonly string[]): Promise<number> {
  let log: Logger = openLog({ path: undefined, format: 'text', debug: false })
  let failureStatus = 1
  let prefix = ''
  try {
    const globals = parseLine(args, globalOptions, true)
    const direct = answerDirectly(globals)
    if (direct !== undefined) return print(direct)
    log = openLog({
      path: textOption(globals.options, 'log'),
      format: textOption(globals.options, 'log-format') ?? 'text',
      debug: globals.options.debug === true,
    })
    const [name = '', ...rest] = globals.positionals
    const load = commands[name]?.load
    if (load === undefined) {
      failureStatus = unknownCommandStatus
      throw new StackError('not-implemented', `No help topic for '${name}'`)
    }
    // What this program was given goes to containers only when it is asked for, and never to hooks.
    closeOnExecFrom(3)
    const command = await load()
    failureStatus = command.failureStatus ?? 1
    const line = readLine(command, rest)
    if (line.options.help === true) return print(commandHelp(command))
    prefix = command.failurePrefix ?? ''
    log.write('debug', `${command.name} ${line.positionals[0] ?? ''}`.trim())
    return await command.run(contextOf(globals, line, log))
  } catch (error) {
    report(log, `${error instanceof UsageError ? '' : prefix}${errorText(error)}`)
    return error instanceof UsageError ? 1 : failureStatus
  } finally {
    log.close()
  }
}

/** The answer to a line without a command. */
function answerDirectly({ options, positionals }: ParsedLine): string | undefined {
  if (options.version === true) return `teu-runtime version ${versionText()}\n`
  const [name] = positionals
  if (options.help !== true && name !== undefined && name !== 'help' && name !== 'h') return undefined
  const list = Object.entries(commands).map(([command, { summary }]) => [command, summary] as const)
  return programHelp(versionText(), list, globalOptions)
}

function readLine(command: Command, args: readonly string[]): ParsedLine {
  const help: Record<string, OptionHelp> = { help: { type: 'boolean', short: 'h', help: 'show help' } }
  if (command.ignoresUnknownOptions) return { options: {}, positionals: [...args] }
  try {
    const line = parseLine(args, { ...command.options, ...help }, command.stopsAtFirstArgument ?? false)
    if (line.options.help !== true) checkArguments(command, line.positionals)
    return line
  } catch (error) {
    if (error instanceof UsageError) print(`Incorrect Usage.\n\n${commandHelp(command)}`)
    throw error
  }
}

function contextOf(globals: ParsedLine, line: ParsedLine, log: Logger): CommandContext {
  const root = textOption(globals.options, 'root') ?? defaultRoot()
  const forgiving = rootless(globals)
  return {
    root,
    runtime: createRuntime({
      root,
      cgroupDriver: cgroupDriver(globals),
      ...(forgiving !== undefined && { rootless: forgiving }),
      warn: (message) => log.write('warning', message),
      debug: (message) => log.write('debug', message),
    }),
    log,
    signal: interruption(),
    options: line.options,
    positionals: line.positionals,
    print,
  }
}

function cgroupDriver({ options }: ParsedLine): CgroupDriver {
  if (options['systemd-cgroup'] === true) return 'systemd'
  const name = textOption(options, 'cgroup-manager') ?? 'cgroupfs'
  if (name === 'cgroupfs' || name === 'systemd' || name === 'disabled') return name
  throw new StackError('invalid-argument', `unknown cgroup manager ${JSON.stringify(name)}`)
}

/** Undefined leaves it to who the caller is. */
function rootless({ options }: ParsedLine): boolean | undefined {
  const text = textOption(options, 'rootless') ?? 'auto'
  if (text === 'auto') return undefined
  if (/^(1|t|true)$/i.test(text)) return true
  if (/^(0|f|false)$/i.test(text)) return false
  throw new StackError('invalid-argument', `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`)
}

/** The first interruption gives up what is being made, and cleans up; the second ends the program. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => controller.abort(new StackError('cancelled', `interrupted by ${name}`)))
  }
  return controller.signal
}

function report(log: Logger, message: string): void {
  log.write('error', message)
  if (log.toFile) writeAll(2, `${message}\n`)
}

function print(text: string): number {
  writeAll(1, text)
  return 0
}

/** Synchronous, so that nothing is lost at the exit; a reader that has gone is no failure. */
function writeAll(fd: number, text: string): void {
  let left = Buffer.from(text)
  while (left.length > 0) {
    try {
      left = left.subarray(writeSync(fd, left))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'EAGAIN') return
    }
  }
}
