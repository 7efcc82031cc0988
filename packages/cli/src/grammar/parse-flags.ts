// SPDX-License-Identifier: Apache-2.0

import type { Flag, FlagTable, FlagValues, ParsedFlags } from './flag.ts'
import { parseBool, quote } from './go-number.ts'

/** How one command's arguments are read. */
export interface FlagGrammar {
  /** Flags end at the first argument that is none: the rest belongs to the program that will run. */
  readonly stopAtFirstArgument?: boolean
}

/** A flag error in the words users and scripts know. */
export class FlagError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'FlagError'
  }
}

interface Named {
  name: string
  flag: Flag<unknown>
}

/**
 * Reads `argv` by the GNU rules docker's users rely on: `--flag value`, `--flag=value`, `-f value`, `-fvalue`,
 * `-f=value`, clusters such as `-it`, and `--` which ends the flags. `--help` (and `-h` where no flag took it) stops
 * parsing. Throws {@link FlagError} on the first problem.
 */
export function parseFlags<F extends FlagTable>(
  table: F,
  argv: readonly string[],
  grammar: FlagGrammar = {},
): ParsedFlags<F> {
  const reader = new FlagReader(table, argv)
  reader.read(grammar.stopAtFirstArgument ?? false)
  return {
    values: Object.fromEntries(reader.values) as FlagValues<F>,
    given: reader.given,
    args: reader.args,
    notices: reader.notices,
    help: reader.help,
  }
}

class FlagReader {
  readonly values: Map<string, unknown>
  readonly given = new Set<string>()
  readonly args: string[] = []
  readonly notices: string[] = []
  help = false
  readonly #table: FlagTable
  readonly #byLetter = new Map<string, Named>()
  readonly #queue: string[]

  constructor(table: FlagTable, argv: readonly string[]) {
    this.#table = table
    this.#queue = [...argv]
    this.values = new Map(Object.entries(table).map(([name, flag]) => [name, flag.initial]))
    for (const [name, flag] of Object.entries(table)) if (flag.char) this.#byLetter.set(flag.char, { name, flag })
  }

  read(stopAtFirstArgument: boolean): void {
    while (this.#queue.length > 0 && !this.help) {
      const word = this.#queue.shift() as string
      if (word === '--') {
        this.args.push(...this.#queue.splice(0))
      } else if (word.startsWith('--')) {
        this.#readLong(word)
      } else if (word.startsWith('-') && word !== '-') {
        this.#readLetters(word)
      } else {
        this.args.push(word)
        if (stopAtFirstArgument) this.args.push(...this.#queue.splice(0))
      }
    }
  }

  #readLong(word: string): void {
    const equals = word.indexOf('=')
    const name = equals < 0 ? word.slice(2) : word.slice(2, equals)
    if (name === '' || name.startsWith('-') || name.startsWith('=')) throw new FlagError(`bad flag syntax: ${word}`)
    const flag = Object.hasOwn(this.#table, name) ? (this.#table[name] as Flag<unknown>) : undefined
    if (!flag) {
      if (name !== 'help') throw new FlagError(`unknown flag: --${name}`)
      this.help = equals < 0 || parseBool(word.slice(equals + 1))
      return
    }
    if (equals >= 0) this.#accept({ name, flag }, word.slice(equals + 1))
    else if (flag.type === 'boolean') this.#accept({ name, flag }, 'true')
    else this.#accept({ name, flag }, this.#takeValue(`--${name}`))
  }

  #readLetters(word: string): void {
    let rest = word.slice(1)
    while (rest !== '' && !this.help) rest = this.#readLetter(rest)
  }

  /** Reads the first letter of a cluster; returns the letters that are still to be read. */
  #readLetter(rest: string): string {
    const letter = String.fromCodePoint(rest.codePointAt(0) as number)
    const named = this.#byLetter.get(letter)
    const tail = rest.slice(letter.length)
    if (!named) {
      this.#readUnknownLetter(letter, rest)
      return ''
    }
    if (tail.length > 1 && tail.startsWith('=')) {
      this.#accept(named, tail.slice(1))
      return ''
    }
    if (named.flag.type === 'boolean') {
      this.#accept(named, 'true')
      return tail
    }
    this.#accept(named, tail === '' ? this.#takeValue(`'${letter}' in -${rest}`) : tail)
    return ''
  }

  #readUnknownLetter(letter: string, rest: string): void {
    if (letter !== 'h') throw new FlagError(`unknown shorthand flag: ${quoteLetter(letter)} in -${rest}`)
    this.notices.push('Flag shorthand -h has been deprecated, use --help')
    this.help = true
  }

  #takeValue(what: string): string {
    const value = this.#queue.shift()
    if (value === undefined) throw new FlagError(`flag needs an argument: ${what}`)
    return value
  }

  #accept({ name, flag }: Named, text: string): void {
    const target = flag.sameAs ?? name
    try {
      this.values.set(target, flag.accept(this.values.get(target), text))
    } catch (error) {
      const spelled = flag.char ? `-${flag.char}, --${name}` : `--${name}`
      throw new FlagError(`invalid argument ${quote(text)} for "${spelled}" flag: ${(error as Error).message}`)
    }
    this.given.add(target)
    if (flag.deprecated) this.notices.push(`Flag --${name} has been deprecated, ${flag.deprecated}`)
  }
}

function quoteLetter(letter: string): string {
  return letter === "'" ? "'\\''" : `'${letter}'`
}
