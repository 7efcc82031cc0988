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
  const { head, rest } = divide(args, options, stopsAtFirstArgument)
  try {
    const config = parseArgsOptions(options)
    const parsed = parseArgs({ args: head, options: config, allowPositionals: true, strict: true })
    return { options: parsed.values as OptionValues, positionals: [...parsed.positionals, ...rest] }
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

const durationUnits: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 36e5 }

/** Milliseconds from an option such as `1m30s`, `1.5s` or `0`. Throws {@link UsageError}. @internal */
export function durationOption(options: OptionValues, name: string, fallback: number): number {
  const text = textOption(options, name)
  if (text === undefined) return fallback
  const [, sign = '', rest = ''] = /^([-+]?)(.*)$/s.exec(text) ?? []
  if (rest === '0') return 0
  const parts = [...rest.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/gy)]
  if (parts.length === 0 || parts.reduce((length, [part]) => length + part.length, 0) !== rest.length) {
    throw new UsageError(`invalid value ${JSON.stringify(text)} for flag -${name}: parse error`)
  }
  const total = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (durationUnits[unit ?? ''] ?? 0), 0)
  return sign === '-' ? -total : total
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

/**
 * The options, spelled as `parseArgs` wants them, and what is left alone behind the first argument. An option takes the
 * next word as its value whatever that begins with, as in `--memory-swap -1`.
 */
function divide(
  args: readonly string[],
  options: Readonly<Record<string, OptionHelp>>,
  stopsAtFirstArgument: boolean,
): { head: string[]; rest: readonly string[] } {
  const head: string[] = []
  for (let index = 0; index < args.length; index++) {
    const arg = oneSpelling(args[index] as string, options)
    if (arg === '--') return { head: [...head, arg, ...args.slice(index + 1)], rest: [] }
    if (!arg.startsWith('-') || arg === '-') {
      if (stopsAtFirstArgument) return { head, rest: args.slice(index) }
      head.push(arg)
      continue
    }
    const name = valueOption(arg, options)
    const value = name === undefined ? undefined : args[index + 1]
    if (value === undefined) head.push(...oneTruth(arg, options))
    else {
      head.push(`--${name}=${value}`)
      index++
    }
  }
  return { head, rest: [] }
}

/** The name of the option that takes its value from the next word; undefined when `arg` is none. */
function valueOption(arg: string, options: Readonly<Record<string, OptionHelp>>): string | undefined {
  const [name] =
    Object.entries(options).find(
      ([name, { type, short }]) => type === 'string' && (arg === `--${name}` || arg === `-${short}`),
    ) ?? []
  return name
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
