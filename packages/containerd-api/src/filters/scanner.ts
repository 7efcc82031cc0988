// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

const fieldCharacters = /[A-Za-z0-9_]/
const valueEnd = /[\s,]/

/** Walks over the text of one filter. Every failure is an `invalid-argument` that shows where it is. */
export class FilterScanner {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get done(): boolean {
    return this.#at >= this.#text.length
  }

  /** Takes `token` when it comes next. */
  accept(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false
    this.#at += token.length
    return true
  }

  /** A field: a word, or a quoted text. */
  field(): string {
    if (this.#peek() === '"') return this.#quoted('"')
    const word = this.#while((character) => fieldCharacters.test(character))
    if (word === '') throw this.fail('expected field or quoted')
    return word
  }

  /** All characters of operators that come next: nothing when the field stands alone. */
  operator(): string {
    return this.#while((character) => '=!~'.includes(character))
  }

  /** A value: a quoted text, or everything up to a space or comma. Patterns may be quoted with `|` or `/` too. */
  value(pattern: boolean): string {
    const quote = this.#peek()
    if (quote === '"' || (pattern && (quote === '|' || quote === '/'))) return this.#quoted(quote)
    const word = this.#while((character) => !valueEnd.test(character))
    if (word === '') throw this.fail('expected value or quoted')
    return word
  }

  /** The error of this place. */
  fail(what: string): StackError {
    const shown = `${this.#text.slice(0, this.#at)} >|${this.#text.slice(this.#at, this.#at + 1)}|< ${this.#text.slice(this.#at + 1)}`
    return new StackError('invalid-argument', `parse error: [${shown.slice(0, 256)}]: ${what}: invalid argument`)
  }

  #peek(): string {
    return this.#text[this.#at] ?? ''
  }

  #while(admits: (character: string) => boolean): string {
    const start = this.#at
    while (!this.done && admits(this.#peek())) this.#at++
    return this.#text.slice(start, this.#at)
  }

  #quoted(quote: string): string {
    let result = ''
    this.#at++
    while (!this.done) {
      const character = this.#text[this.#at++]!
      if (character === quote) return result
      if (character !== '\\' || quote !== '"') result += character
      else result += this.#escaped()
    }
    throw this.fail('quoted literal not terminated')
  }

  /** What follows a backslash, as in a Go string. */
  #escaped(): string {
    const kind = this.#text[this.#at++] ?? ''
    const plain = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', '"': '"', "'": "'" }[
      kind
    ]
    if (plain !== undefined) return plain
    const digits = { x: 2, u: 4, U: 8 }[kind]
    const hex = digits === undefined ? '' : this.#text.slice(this.#at, this.#at + digits)
    if (digits === undefined || hex.length !== digits || !/^[0-9a-fA-F]+$/.test(hex)) throw this.fail('illegal escape')
    this.#at += digits
    const point = Number.parseInt(hex, 16)
    if (point > 0x10ffff) throw this.fail('illegal escape')
    return String.fromCodePoint(point)
  }
}
