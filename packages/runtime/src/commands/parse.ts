// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util'
import { StackError } from '@teu/errors'
import { type Command, type OptionHelp, type OptionValues, parseArgsOptions } from './command.ts'

/** A command line that was read. @internal */
export interface ParsedLine {
  options: OptionValues
  positionals: string[]
}

/**
 * Reads options and arguments. With `stopsAtFirstArgument` nothing behind the first argument is taken for an option, so
 * that the options of a program to run are left alone. Throws {@link UsageError} for what does not fit.
 *
 * @internal
 */
export function parseLine(
  args: readonly string[],
  options: Readonly<Record<string, OptionHelp>>,
  stopsAtFirstArgument: boolean,
): ParsedLine {
  const config = parseArgsOptions(options)
  const spelled = args.map((arg) => oneSpelling(arg, options))
  const end = stopsAtFirstArgument ? firstArgument(spelled, config) : args.length
  const head = spelled.slice(0, end).flatMap((arg) => oneTruth(arg, options))
  try {
    const parsed = parseArgs({ args: head, options: config, allowPositionals: true, strict: true })
    return { options: parsed.values as OptionValues, positionals: [...parsed.positionals, ...args.slice(end)] }
  } catch (error) {
    throw new UsageError(usageText(error as NodeJS.ErrnoException))
  }
}

/** Throws {@link UsageError} when a command got too few or too many arguments. @internal */
export function checkArguments(command: Command, positionals: readonly string[]): void {
  const wanted = command.arguments
  const count = positionals.length
  const name = `teu-runtime: "${command.name}" requires`
  if ('exactly' in wanted) {
    if (count !== wanted.exactly) throw new UsageError(`${name} exactly ${wanted.exactly} argument(s)`)
  } else if ('atLeast' in wanted) {
    if (count < wanted.atLeast) throw new UsageError(`${name} a minimum of ${wanted.atLeast} argument(s)`)
  } else {
    if (count < wanted.from) throw new UsageError(`${name} a minimum of ${wanted.from} argument(s)`)
    if (count > wanted.to) throw new UsageError(`${name} a maximum of ${wanted.to} argument(s)`)
  }
}

/** A command line that cannot be understood; the command's help is shown with it. @internal */
export class UsageError extends StackError {
  constructor(message: string) {
    super('invalid-argument', message)
  }
}

/** A whole number from an option. Throws {@link UsageError}. @internal */
export function numberOption(options: OptionValues, name: string, fallback: number): number {
  const value = options[name]
  if (value === undefined) return fallback
  if (typeof value !== 'string' || !/^\d{1,9}$/.test(value)) {
    throw new UsageError(`invalid value ${JSON.stringify(value)} for flag -${name}: it is not a number`)
  }
  return Number(value)
}

/** The text of an option that is given at most once. @internal */
export function textOption(options: OptionValues, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The texts of an option that may be repeated. @internal */
export function listOption(options: OptionValues, name: string): string[] {
  const value = options[name]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** `-name` is `--name` to the originals, when there is an option of that name. */
function oneSpelling(arg: string, options: Readonly<Record<string, OptionHelp>>): string {
  const name = /^-([^-=][^=]+)/.exec(arg)?.[1]
  return name !== undefined && Object.hasOwn(options, name) ? `-${arg}` : arg
}

/** A switch may be given as `--name=true` or `--name=false`, which `parseArgs` refuses. */
function oneTruth(arg: string, options: Readonly<Record<string, OptionHelp>>): string[] {
  const match = /^--([^=]+)=(true|false|t|f|1|0)$/i.exec(arg)
  if (match === null || options[match[1] as string]?.type !== 'boolean') return [arg]
  return /^[t1]/i.test(match[2] as string) ? [`--${match[1]}`] : []
}

function firstArgument(args: readonly string[], options: ReturnType<typeof parseArgsOptions>): number {
  const { tokens } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false, tokens: true })
  const first = tokens.find(({ kind }) => kind === 'positional' || kind === 'option-terminator')
  if (first === undefined) return args.length
  return first.kind === 'positional' ? first.index : first.index + 1
}

function usageText(error: NodeJS.ErrnoException): string {
  const flag = /'(-{1,2}[^', ]+)/.exec(error.message)?.[1]?.replace(/^--?/, '-') ?? ''
  switch (error.code) {
    case 'ERR_PARSE_ARGS_UNKNOWN_OPTION':
      return `flag provided but not defined: ${flag}`
    case 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE':
      return error.message.includes('argument missing') ? `flag needs an argument: ${flag}` : error.message
    default:
      return error.message
  }
}
