// SPDX-License-Identifier: Apache-2.0
import { setFlagsFromString } from 'node:v8'
import { StackError } from '@teu/errors'

const maximumLength = 4096
let guarded = false

/**
 * Compiles a regular expression in the syntax of Go (RE2). It is matched in linear time: V8 changes to its automaton
 * when backtracking gets out of hand. What RE2 lacks and would need backtracking (look-around, back-references) is
 * refused.
 *
 * @throws `invalid-argument` for text that is no such expression, or longer than 4,096 characters
 * @public
 */
export function compilePattern(source: string): (text: string) => boolean {
  const invalid = (cause?: unknown) =>
    new StackError(
      'invalid-argument',
      `failed compiling regexp ${JSON.stringify(source.slice(0, 256))}: invalid argument`,
      {
        cause,
      },
    )
  if (source.length > maximumLength || usesBacktracking(source)) throw invalid()
  guard()
  const { flags, body } = leadingFlags(source)
  try {
    const pattern = new RegExp(translate(body), flags)
    return (text) => pattern.test(text)
  } catch (error) {
    throw invalid(error)
  }
}

/** Must happen before the first expression is run, and is good for the whole process. */
function guard(): void {
  if (guarded) return
  guarded = true
  setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks')
}

function usesBacktracking(source: string): boolean {
  return /\(\?(?:[=!]|<[=!])/.test(source) || /(?<!\\)(?:\\\\)*\\(?:[1-9]|k<)/.test(source)
}

function leadingFlags(source: string): { flags: string; body: string } {
  const found = /^\(\?([ims]+)\)/.exec(source)
  return found === null
    ? { flags: '', body: source }
    : { flags: [...new Set(found[1])].join(''), body: source.slice(found[0].length) }
}

/** Go's spellings that JavaScript has under another name. */
function translate(body: string): string {
  return body.replaceAll('(?P<', '(?<').replaceAll('\\A', '^').replaceAll('\\z', '$')
}
