// SPDX-License-Identifier: Apache-2.0
import type { ParseArgsConfig } from 'node:util'
import type { Runtime } from '../runtime.ts'
import type { Logger } from './log.ts'

/** Values of parsed options by name. @internal */
export type OptionValues = Record<string, string | boolean | (string | boolean)[] | undefined>

/** What every command works with. @internal */
export interface CommandContext {
  /** Directory of the containers' state. */
  root: string
  runtime: Runtime
  log: Logger
  /** Fires when the user interrupts the program. */
  signal: AbortSignal
  options: OptionValues
  positionals: readonly string[]
  /** Writes to standard output. */
  print: (text: string) => void
}

/** One option of a command line. @internal */
export interface OptionHelp {
  type: 'string' | 'boolean'
  short?: string
  multiple?: boolean
  help: string
}

/** One command: how its line is read, and what it does. @internal */
export interface Command {
  name: string
  /** One line, as in the list of commands. */
  summary: string
  /** What follows the name in the usage line. */
  usage: string
  /** How many arguments it takes. */
  arguments: { exactly: number } | { atLeast: number } | { from: number; to: number }
  options: Readonly<Record<string, OptionHelp>>
  /** Everything behind the first argument belongs to the program to run, options too. */
  stopsAtFirstArgument?: boolean
  /** Options are not looked at: whatever they are, the answer is the same. */
  ignoresUnknownOptions?: boolean
  /** Exit status of the command's own failures. Default 1. */
  failureStatus?: number
  /** What its error messages start with. */
  failurePrefix?: string
  /** Resolves with the exit status. */
  run: (context: CommandContext) => Promise<number>
}

/** The part of `parseArgs`'s configuration that options are. @internal */
export function parseArgsOptions(
  options: Readonly<Record<string, OptionHelp>>,
): NonNullable<ParseArgsConfig['options']> {
  return Object.fromEntries(
    Object.entries(options).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...(short !== undefined && { short }), ...(multiple && { multiple }) },
    ]),
  )
}
