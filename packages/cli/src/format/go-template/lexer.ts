// SPDX-License-Identifier: Apache-2.0
import { quote } from '../../grammar/go-number.ts'

/** A word inside an action. */
export interface Token {
  readonly kind: 'field' | 'dot' | 'variable' | 'word' | 'number' | 'string' | 'character' | 'mark' | 'end'
  readonly text: string
  readonly at: number
  /** Whether blanks stand before it: `.A .B` are two operands, `.A.B` is one. */
  readonly spaced: boolean
}

/** A template cut into text and actions. */
export type Segment =
  | { readonly kind: 'text'; readonly text: string; readonly at: number }
  | { readonly kind: 'action'; readonly tokens: readonly Token[]; readonly at: number }

/** A template that cannot be read, with the line it fails in. */
export class TemplateSyntaxError extends Error {
  constructor(name: string, text: string, at: number, reason: string) {
    const line = text.slice(0, at).split('\n').length
    super(`template: ${name}:${line}: ${reason}`)
    this.name = 'TemplateSyntaxError'
  }
}

const blank = /[ \t\r\n]/
const tokenGrammar: readonly (readonly [Token['kind'], RegExp])[] = [
  ['string', /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y],
  ['character', /'(?:[^'\\\n]|\\.)+'/y],
  ['variable', /\$[\p{L}\p{N}_]*/uy],
  [
    'number',
    /[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|[0-9][0-9_]*(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+)/y,
  ],
  ['field', /\.[\p{L}_][\p{L}\p{N}_]*/uy],
  ['dot', /\.(?![\p{L}\p{N}_])/uy],
  ['word', /[\p{L}_][\p{L}\p{N}_]*/uy],
  ['mark', /:=|[!-~]/y],
]

/** Cuts a template at its actions; `{{-` and `-}}` trim the blanks on their outer side. */
export function cutTemplate(name: string, text: string): Segment[] {
  const segments: Segment[] = []
  let position = 0
  let trimNext = false
  while (position < text.length) {
    const open = text.indexOf('{{', position)
    const end = open < 0 ? text.length : open
    let plain = text.slice(position, end)
    if (trimNext) plain = plain.replace(/^[ \t\r\n]+/, '')
    const trims = open >= 0 && text[open + 2] === '-' && blank.test(text[open + 3] ?? '')
    if (trims) plain = plain.replace(/[ \t\r\n]+$/, '')
    if (plain !== '') segments.push({ kind: 'text', text: plain, at: position })
    if (open < 0) break
    const action = readAction(name, text, open, open + (trims ? 4 : 2))
    if (action.tokens) segments.push({ kind: 'action', tokens: action.tokens, at: open })
    position = action.end
    trimNext = action.trimNext
  }
  return segments
}

interface Action {
  /** Undefined for a comment. */
  tokens: Token[] | undefined
  end: number
  trimNext: boolean
}

function readAction(name: string, text: string, open: number, start: number): Action {
  const comment = /\/\*[\s\S]*?\*\/([ \t\r\n]+-)?\}\}/y
  comment.lastIndex = start
  const found = comment.exec(text)
  if (found) return { tokens: undefined, end: comment.lastIndex, trimNext: found[1] !== undefined }
  const tokens: Token[] = []
  let position = start
  let depth = 0
  for (;;) {
    const gap = position
    while (blank.test(text[position] ?? '')) position++
    const spaced = position > gap
    const closing = text.startsWith('}}', position)
    const trimming = spaced && text.startsWith('-}}', position)
    if ((closing || trimming) && depth > 0) {
      throw new TemplateSyntaxError(name, text, position, 'unclosed left paren')
    }
    if (closing || trimming) {
      tokens.push({ kind: 'end', text: '}}', at: position, spaced })
      return { tokens, end: position + (trimming ? 3 : 2), trimNext: trimming }
    }
    if (position >= text.length) throw new TemplateSyntaxError(name, text, open, 'unclosed action')
    const token = readToken(name, text, position, spaced)
    if (token.text === '(' && token.kind === 'mark') depth++
    if (token.text === ')' && token.kind === 'mark' && --depth < 0) {
      throw new TemplateSyntaxError(name, text, position, 'unexpected right paren')
    }
    tokens.push(token)
    position += token.text.length
  }
}

const openQuotes: Record<string, string> = {
  '"': 'unterminated quoted string',
  '`': 'unterminated raw quoted string',
  "'": 'unterminated character constant',
}

function refuseOpenQuote(name: string, text: string, at: number): void {
  const reason = openQuotes[text[at] as string]
  if (reason) throw new TemplateSyntaxError(name, text, at, reason)
}

function readToken(name: string, text: string, at: number, spaced: boolean): Token {
  for (const [kind, grammar] of tokenGrammar) {
    if (kind === 'mark') refuseOpenQuote(name, text, at)
    grammar.lastIndex = at
    const match = grammar.exec(text)
    if (match) return { kind, text: match[0], at, spaced }
  }
  const character = String.fromCodePoint(text.codePointAt(at) as number)
  const code = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')
  throw new TemplateSyntaxError(name, text, at, `unrecognized character in action: U+${code} '${character}'`)
}

const keywords = new Set('block break continue define else end if nil range template with .'.split(' '))

/** A token as Go shows it in messages: keywords in angle brackets, others quoted, long ones cut. */
export function describeToken({ text }: Token): string {
  if (keywords.has(text)) return `<${text}>`
  return text.length > 10 ? `${quote(text.slice(0, 10))}...` : quote(text)
}
