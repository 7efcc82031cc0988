// SPDX-License-Identifier: Apache-2.0
import { messageOf, StackError } from '@teu/errors'
import { RE2JS } from 're2js'
import { patternSizeBound } from './pattern-size.ts'

/** The most characters that an expression may have. */
const maximumLength = 4096

/** The most instructions that a program may have, or all programs of one request together. */
export const maximumProgramSize = 2000

/** The most steps that one match may take: instructions of the program times characters of the text. */
const maximumSteps = 2_000_000

/** A compiled regular expression. */
export interface Pattern {
  /** Instructions of its program. */
  readonly size: number
  /** @throws `resource-exhausted` for a text that is too long for a program of this size */
  matches(text: string): boolean
}

/**
 * Compiles a regular expression in the syntax of Go (RE2), and returns the test whether a text has a match of it. A
 * match takes time in proportion to the size of the expression times the length of the text, and no more than a
 * fraction of a second: the test throws `resource-exhausted` for a text that would take longer. What RE2 lacks and would need
 * backtracking (look-around, back-references) is refused.
 *
 * @throws `invalid-argument` for text that is no such expression, is longer than 4,096 characters, or whose repeats
 * come to more than 2,000 instructions
 * @public
 */
export function compilePattern(source: string): (text: string) => boolean {
  const pattern = parsePattern(source)
  return (text) => pattern.matches(text)
}

/** {@link compilePattern} that also says how large the program is. */
export function parsePattern(source: string): Pattern {
  if (source.length > maximumLength || patternSizeBound(source) > maximumBound) throw invalid(source, tooLarge)
  const compiled = compile(source)
  const size = compiled.programSize()
  if (size > maximumProgramSize) throw invalid(source, tooLarge)
  return {
    size,
    matches(text) {
      if (size * text.length > maximumSteps)
        throw new StackError(
          'resource-exhausted',
          `text of ${text.length} characters is too long for regexp ${shown(source)}: resource exhausted`,
        )
      return compiled.test(text)
    },
  }
}

/** Programs of up to this bound are made and then measured, as the bound is up to some times too high. */
const maximumBound = 5 * maximumProgramSize

const tooLarge = 'error parsing regexp: expression too large'

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source)
  } catch (error) {
    throw invalid(source, messageOf(error), error)
  }
}

function invalid(source: string, why: string, cause?: unknown): StackError {
  const message = `failed compiling regexp ${shown(source)}: ${why.slice(0, 512)}: invalid argument`
  return new StackError('invalid-argument', message, { cause })
}

function shown(source: string): string {
  return JSON.stringify(source.slice(0, 256))
}
