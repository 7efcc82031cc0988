// SPDX-License-Identifier: Apache-2.0

/**
 * One flag, as data: what help prints, what the manifest lists, and how its text becomes a value. The field names
 * `char`, `summary`, `hidden`, `multiple` and `type` are those of an oclif flag, so a table of these serves both.
 *
 * @public
 */
export interface Flag<T> {
  /** `boolean` flags stand without a value; `option` flags need one. */
  readonly type: 'boolean' | 'option'
  /** The one-letter spelling, without its dash. */
  readonly char?: string
  /** One line for the help page. */
  readonly summary: string
  /** The word that help prints for the value, such as `list` or `bytes`; empty for booleans. */
  readonly helpValue: string
  /** Whether the flag may be repeated to add values rather than to replace one. */
  readonly multiple: boolean
  /** Left out of the help page, still parsed. */
  readonly hidden?: boolean
  /** The long name of the flag that this one is another spelling of; values go there. */
  readonly sameAs?: string
  /** Printed when the flag is used: what to write instead. */
  readonly deprecated?: string
  /** What help prints as the default; absent when there is nothing worth saying. */
  readonly defaultText?: string
  /** What the command sees when the flag is not given. */
  readonly initial: T
  /** The value after one more occurrence with `text`. Throws an `Error` whose message says why the text is refused. */
  readonly accept: (current: T, text: string) => T
}

/** The flags of one command, by their long names. @public */
// biome-ignore lint/suspicious/noExplicitAny: a table holds flags of every value type, and each reader knows its own
export type FlagTable = Readonly<Record<string, Flag<any>>>

/** What a command reads: one value a flag, and which flags were given. @public */
export type FlagValues<F extends FlagTable> = {
  readonly [Name in keyof F]: F[Name] extends Flag<infer T> ? T : never
}

/** The outcome of parsing one argument vector against a table. @public */
export interface ParsedFlags<F extends FlagTable> {
  readonly values: FlagValues<F>
  /** The long names that appeared on the command line. */
  readonly given: ReadonlySet<string>
  /** What was left over, in order. */
  readonly args: readonly string[]
  /** Deprecation lines to print before the command runs. */
  readonly notices: readonly string[]
  /** Whether `--help` was seen: parsing stops there. */
  readonly help: boolean
}
