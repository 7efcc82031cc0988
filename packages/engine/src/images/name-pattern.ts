// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/** The characters that one place of a pattern admits: one, or (`many`) any number of them. */
interface Step {
  many: boolean
  admits(character: string): boolean
}

const notSlash = (character: string): boolean => character !== '/'

/**
 * Compiles a pattern for names as Go's `path.Match` has them: `*` is any text without a slash, `?` one character that
 * is none, `[a-z]` and `[^a-z]` one of a set, and a backslash takes the character behind it as it is. A match takes
 * time in proportion to the length of the name times the length of the pattern.
 *
 * @throws `invalid-argument` for a set that does not end, is empty or runs backwards, and for a backslash at the end
 */
export function namePattern(pattern: string): (name: string) => boolean {
  const steps = new PatternReader(pattern).steps()
  return (name) => matches(steps, [...name])
}

/** All places that the pattern may be at, moved on by one character at a time: nothing is tried twice. */
function matches(steps: readonly Step[], name: readonly string[]): boolean {
  let places = withSkips(steps, new Set([0]))
  for (const character of name) {
    const next = new Set<number>()
    for (const place of places) {
      const step = steps[place]
      if (step?.admits(character)) next.add(step.many ? place : place + 1)
    }
    if (next.size === 0) return false
    places = withSkips(steps, next)
  }
  return places.has(steps.length)
}

/** A place before a `*` is behind it as well. */
function withSkips(steps: readonly Step[], places: Set<number>): Set<number> {
  for (const place of places) if (steps[place]?.many) places.add(place + 1)
  return places
}

class PatternReader {
  readonly #pattern: string
  readonly #characters: readonly string[]
  #at = 0

  constructor(pattern: string) {
    this.#pattern = pattern
    this.#characters = [...pattern]
  }

  steps(): Step[] {
    const steps: Step[] = []
    while (this.#at < this.#characters.length) {
      const character = this.#characters[this.#at++]!
      if (character === '*') steps.push({ many: true, admits: notSlash })
      else if (character === '?') steps.push({ many: false, admits: notSlash })
      else if (character === '[') steps.push({ many: false, admits: this.#set() })
      else {
        const wanted = character === '\\' ? this.#next() : character
        steps.push({ many: false, admits: (found) => found === wanted })
      }
    }
    return steps
  }

  /** The set whose `[` was just read. */
  #set(): Step['admits'] {
    const negated = this.#accept('^')
    const ranges: [from: number, to: number][] = []
    while (ranges.length === 0 || !this.#accept(']')) {
      const from = this.#member()
      const to = this.#accept('-') ? this.#member() : from
      ranges.push([from, to])
    }
    return (character) => {
      const point = character.codePointAt(0)!
      return ranges.some(([from, to]) => from <= point && point <= to) !== negated
    }
  }

  #member(): number {
    const character = this.#next()
    if (character === '-' || character === ']') throw this.#malformed()
    return (character === '\\' ? this.#next() : character).codePointAt(0)!
  }

  #accept(character: string): boolean {
    if (this.#characters[this.#at] !== character) return false
    this.#at++
    return true
  }

  #next(): string {
    const character = this.#characters[this.#at++]
    if (character === undefined) throw this.#malformed()
    return character
  }

  #malformed(): StackError {
    return new StackError('invalid-argument', `syntax error in pattern: ${JSON.stringify(this.#pattern.slice(0, 256))}`)
  }
}
