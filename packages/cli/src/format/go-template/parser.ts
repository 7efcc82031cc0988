// SPDX-License-Identifier: Apache-2.0

import { cutTemplate, describeToken, type Segment, TemplateSyntaxError, type Token } from './lexer.ts'
import type { Command, Node, Pipe, Template, Term } from './nodes.ts'
import { unquote } from './unquote.ts'

/**
 * Parses a template of Go's text/template. `functions` holds the names that may be called. Throws
 * {@link TemplateSyntaxError} with Go's text.
 */
export function parseTemplate(name: string, text: string, functions: ReadonlySet<string>): Template {
  return new Parser(name, text, functions).parse()
}

type Ending = 'end' | 'else' | 'eof'

class Parser {
  readonly #name: string
  readonly #text: string
  readonly #functions: ReadonlySet<string>
  readonly #segments: Segment[]
  readonly #definitions = new Map<string, readonly Node[]>()
  #variables: string[] = ['$']
  #rangeDepth = 0
  #index = 0
  #tokens: readonly Token[] = []
  #token = 0

  constructor(name: string, text: string, functions: ReadonlySet<string>) {
    this.#name = name
    this.#text = text
    this.#functions = functions
    this.#segments = cutTemplate(name, text)
  }

  parse(): Template {
    const { nodes, ending } = this.#list()
    if (ending !== 'eof') this.#fail(`unexpected {{${ending}}}`, (this.#segments[this.#index - 1] as Segment).at)
    return { name: this.#name, text: this.#text, body: nodes, definitions: this.#definitions }
  }

  #fail(reason: string, at = this.#peek().at): never {
    throw new TemplateSyntaxError(this.#name, this.#text, at, reason)
  }

  #list(): { nodes: Node[]; ending: Ending } {
    const nodes: Node[] = []
    for (;;) {
      const segment = this.#segments[this.#index++]
      if (!segment) return { nodes, ending: 'eof' }
      if (segment.kind === 'text') {
        nodes.push({ kind: 'text', text: segment.text, at: segment.at })
        continue
      }
      this.#tokens = segment.tokens
      this.#token = 0
      const ending = this.#ending()
      if (ending) return { nodes, ending }
      const node = this.#action()
      if (node) nodes.push(node)
    }
  }

  #ending(): Ending | undefined {
    const { kind, text } = this.#peek()
    if (kind !== 'word' || (text !== 'end' && text !== 'else')) return undefined
    this.#next()
    if (text === 'end') this.#close('end')
    return text
  }

  #action(): Node | undefined {
    const { kind, text, at } = this.#peek()
    if (kind === 'word') {
      if (text === 'if' || text === 'with' || text === 'range') {
        this.#next()
        return this.#control(text, at)
      }
      if (text === 'define') return this.#define()
      if (text === 'block') return this.#block(at)
      if (text === 'template') return this.#invocation()
      if (text === 'break' || text === 'continue') return this.#jump(text, at)
    }
    const pipe = this.#pipe('command', false)
    this.#close('command')
    return { kind: 'action', pipe, at }
  }

  #control(kind: 'if' | 'with' | 'range', at: number): Node {
    const scope = this.#variables.length
    const pipe = this.#pipe(kind, kind === 'range')
    this.#close(kind)
    if (kind === 'range') this.#rangeDepth++
    const { nodes: body, ending } = this.#list()
    if (kind === 'range') this.#rangeDepth--
    const otherwise = ending === 'else' ? this.#otherwise(kind) : []
    if (ending === 'eof') this.#fail('unexpected EOF', this.#text.length)
    this.#variables.length = scope
    return { kind, pipe, body, otherwise, at }
  }

  /** After `else`: a list up to `end`, or a whole `if` or `with` that shares this one's `end`. */
  #otherwise(kind: string): Node[] {
    const { kind: token, text, at } = this.#peek()
    if (token === 'word' && text === kind && (text === 'if' || text === 'with')) {
      this.#next()
      return [this.#control(text, at)]
    }
    this.#close('else')
    const { nodes, ending } = this.#list()
    if (ending === 'else') this.#fail('expected end; found {{else}}')
    if (ending === 'eof') this.#fail('unexpected EOF', this.#text.length)
    return nodes
  }

  #define(): undefined {
    this.#next()
    const name = this.#templateName('define clause')
    this.#close('define clause')
    this.#definitions.set(name, this.#body())
    return undefined
  }

  #block(at: number): Node {
    this.#next()
    const name = this.#templateName('block clause')
    const pipe = this.#pipe('block clause', false)
    this.#close('block clause')
    this.#definitions.set(name, this.#body())
    return { kind: 'template', name, pipe, at }
  }

  #body(): Node[] {
    const outer = this.#variables
    this.#variables = ['$']
    const { nodes, ending } = this.#list()
    this.#variables = outer
    if (ending !== 'end') this.#fail(ending === 'eof' ? 'unexpected EOF' : `unexpected {{${ending}}}`)
    return nodes
  }

  #invocation(): Node {
    this.#next()
    const { at } = this.#peek()
    const name = this.#templateName('template clause')
    const pipe = this.#peek().kind === 'end' ? undefined : this.#pipe('template clause', false)
    this.#close('template clause')
    return { kind: 'template', name, pipe, at }
  }

  #templateName(context: string): string {
    const token = this.#next()
    if (token.kind !== 'string') this.#fail(`unexpected ${describeToken(token)} in ${context}`, token.at)
    return unquote(token.text)
  }

  #jump(kind: 'break' | 'continue', at: number): Node {
    this.#next()
    if (this.#rangeDepth === 0) this.#fail(`{{${kind}}} outside {{range}}`)
    this.#close(`{{${kind}}}`)
    return { kind, at }
  }

  #close(context: string): void {
    const token = this.#next()
    if (token.kind !== 'end') this.#fail(`unexpected ${describeToken(token)} in ${context}`, token.at)
  }

  #pipe(context: string, inRange: boolean): Pipe {
    const { at } = this.#peek()
    const { variables, assigns } = this.#declarations(inRange)
    const commands: Command[] = []
    for (;;) {
      const { kind, text } = this.#peek()
      if (kind === 'end' || (kind === 'mark' && text === ')')) break
      if (this.#isMark('|')) this.#fail(`unexpected "|" in ${context}`)
      commands.push(this.#command(context))
      if (this.#isMark('|')) {
        this.#next()
      }
    }
    if (commands.length === 0) this.#fail(`missing value for ${context}`)
    const constant = commands.slice(1).findIndex(({ terms }) => isConstant(terms[0] as Term))
    if (constant >= 0) this.#fail(`non executable command in pipeline stage ${constant + 2}`)
    // Later uses see the variable, its own value does not.
    if (!assigns) this.#variables.push(...variables)
    return { variables, assigns, commands, at }
  }

  #declarations(inRange: boolean): { variables: string[]; assigns: boolean } {
    const [first, second, third, fourth] = this.#tokens.slice(this.#token)
    const isMark = (token: Token | undefined, ...marks: string[]) =>
      token?.kind === 'mark' && marks.includes(token.text)
    if (first?.kind !== 'variable') return { variables: [], assigns: false }
    if (isMark(second, ':=', '=')) {
      this.#token += 2
      return { variables: [first.text], assigns: second?.text === '=' }
    }
    if (inRange && isMark(second, ',') && third?.kind === 'variable' && isMark(fourth, ':=', '=')) {
      this.#token += 4
      return { variables: [first.text, third.text], assigns: fourth?.text === '=' }
    }
    return { variables: [], assigns: false }
  }

  #command(context: string): Command {
    const { at } = this.#peek()
    const terms: Term[] = []
    for (;;) {
      const token = this.#peek()
      if (token.kind === 'end' || this.#isMark(')') || this.#isMark('|')) break
      if (terms.length > 0 && !token.spaced) this.#fail(`unexpected ${describeToken(token)} in operand`)
      terms.push(this.#operand(context))
    }
    if (terms.length === 0) this.#fail('empty command')
    return { terms, at }
  }

  #operand(context: string): Term {
    const term = this.#term(context)
    const names: string[] = []
    // A chain stands where its first link does, not its head.
    const { at } = this.#peek()
    while (this.#peek().kind === 'field' && !this.#peek().spaced) names.push(this.#next().text.slice(1))
    if (names.length === 0) return term
    if (term.kind === 'field' || term.kind === 'variable') return { ...term, names: [...term.names, ...names], at }
    if (isConstant(term) || term.kind === 'dot') this.#fail(`unexpected <.> after term ${JSON.stringify('.')}`)
    return { kind: 'chain', term, names, at }
  }

  #term(context: string): Term {
    const token = this.#next()
    const { kind, text, at } = token
    switch (kind) {
      case 'field':
        return { kind: 'field', names: [text.slice(1)], at }
      case 'dot':
        return { kind: 'dot', at }
      case 'variable':
        if (!this.#variables.includes(text)) this.#fail(`undefined variable ${JSON.stringify(text)}`, at)
        return { kind: 'variable', name: text, names: [], at }
      case 'string':
        return { kind: 'constant', value: unquote(text), text, at }
      case 'character':
        return { kind: 'constant', value: unquote(text).codePointAt(0) as number, text, at }
      case 'number':
        return { kind: 'constant', value: this.#number(text, at), text, at }
      case 'word':
        return this.#word(text, at)
      default:
        if (kind === 'mark' && text === '(') return this.#parenthesised(at)
        return this.#fail(`unexpected ${describeToken(token)} in ${context}`, at)
    }
  }

  #number(text: string, at: number): number {
    const plain = text.replaceAll('_', '')
    const value = /^[+-]/.test(plain) ? (plain.startsWith('-') ? -1 : 1) * Number(plain.slice(1)) : Number(plain)
    return Number.isNaN(value) ? this.#fail(`bad number syntax: ${JSON.stringify(text)}`, at) : value
  }

  #word(text: string, at: number): Term {
    if (text === 'true' || text === 'false') return { kind: 'constant', value: text === 'true', text, at }
    if (text === 'nil') return { kind: 'constant', value: null, text, at }
    if (!this.#functions.has(text)) this.#fail(`function ${JSON.stringify(text)} not defined`, at)
    return { kind: 'function', name: text, at }
  }

  #parenthesised(at: number): Term {
    const pipe = this.#pipe('parenthesized pipeline', false)
    if (!this.#isMark(')')) this.#fail('unclosed left paren')
    this.#next()
    return { kind: 'pipe', pipe, at }
  }

  #peek(): Token {
    return this.#tokens[this.#token] ?? { kind: 'end', text: '}}', at: this.#text.length, spaced: false }
  }

  #next(): Token {
    const token = this.#peek()
    this.#token++
    return token
  }

  #isMark(text: string): boolean {
    const token = this.#peek()
    return token.kind === 'mark' && token.text === text
  }
}

function isConstant(term: Term): boolean {
  return term.kind === 'constant'
}
