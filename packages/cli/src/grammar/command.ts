// SPDX-License-Identifier: Apache-2.0
import type { CommandContext } from '../context/command-context.ts'
import type { FlagTable, ParsedFlags } from './flag.ts'

/** How many arguments a command takes beside its flags. @public */
export interface ArgumentCount {
  readonly min: number
  /** No limit when absent. */
  readonly max?: number
}

/**
 * One command, as data: where it stands in the tree of commands, what its help page says, and what it does. Both
 * doors (the direct one and oclif's) are built from these.
 *
 * @public
 */
export interface CommandDefinition<F extends FlagTable = FlagTable> {
  /** Its words below the program's name, such as `container run`. */
  readonly path: string
  /** Other paths of the same command, such as `run`. */
  readonly aliases: readonly string[]
  /** One sentence without a full stop. */
  readonly summary: string
  /** What follows the path in the usage line. */
  readonly usage: string
  readonly flags: F
  readonly arguments: ArgumentCount
  /** Flags end at the first argument: what follows is another program's command line. */
  readonly stopAtFirstArgument?: boolean
  /** Settles when the command is done; a number is the exit status. Failures are thrown. */
  readonly run: (context: CommandContext, input: ParsedFlags<F>) => Promise<number | undefined> | Promise<void>
}

/** A command whose flags one does not know the types of. @public */
// biome-ignore lint/suspicious/noExplicitAny: commands of every flag table stand in one list
export type AnyCommand = CommandDefinition<any>

/** Types `definition` by its own flag table. */
export function defineCommand<const F extends FlagTable>(definition: CommandDefinition<F>): CommandDefinition<F> {
  return definition
}

/** Why `count` arguments are wrong, in docker's words; undefined when they are right. */
export function countRefusal(name: string, { min, max }: ArgumentCount, count: number): string | undefined {
  const plural = (n: number) => (n === 1 ? 'argument' : 'arguments')
  if (max === 0) return count > 0 ? `'${name}' accepts no arguments` : undefined
  if (min === max) return count === min ? undefined : `'${name}' requires ${min} ${plural(min)}`
  if (max === undefined) return count >= min ? undefined : `'${name}' requires at least ${min} ${plural(min)}`
  if (min === 0) return count <= max ? undefined : `'${name}' requires at most ${max} ${plural(max)}`
  const within = count >= min && count <= max
  return within ? undefined : `'${name}' requires at least ${min} and at most ${max} ${plural(max)}`
}
