// SPDX-License-Identifier: Apache-2.0
import { parameterTypes, type TemplateFunction, variadicFunctions } from './functions.ts'
import {
  type Command,
  commandText,
  type Node,
  type Pipe,
  pipeText,
  type Template,
  type Term,
  termText,
} from './nodes.ts'
import { printValue } from './print.ts'
import { isMap, isTrue, Nil, Struct, typeName } from './values.ts'

/** How values are looked up. */
export interface EvaluateOptions {
  readonly functions: Readonly<Record<string, TemplateFunction>>
  /** What a map has for a key that is not there, or is null; undefined when it can have no such key. */
  readonly missing?: ((map: Record<string, unknown>, key: string) => unknown) | undefined
  /** A key that is nowhere is an error rather than `<no value>`. */
  readonly strict?: boolean
}

/** A template that failed while it ran, in Go's words. */
class TemplateExecutionError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'TemplateExecutionError'
  }
}

/** Runs a template on `data` and returns what it writes. */
export function executeTemplate(template: Template, data: unknown, options: EvaluateOptions): string {
  const run = new Run(template, options)
  run.list(template.body, data, [['$', data]])
  return run.output
}

type Scope = [name: string, value: unknown][]
type Jump = 'break' | 'continue' | undefined

const depthLimit = 1000

class Run {
  output = ''
  readonly #template: Template
  readonly #options: EvaluateOptions
  #depth = 0

  constructor(template: Template, options: EvaluateOptions) {
    this.#template = template
    this.#options = options
  }

  list(nodes: readonly Node[], dot: unknown, scope: Scope): Jump {
    for (const node of nodes) {
      const jump = this.#node(node, dot, scope)
      if (jump) return jump
    }
    return undefined
  }

  #fail(at: number, shown: string, reason: string, cause?: unknown): never {
    const { name, text } = this.#template
    const before = text.slice(0, at)
    const newline = before.lastIndexOf('\n')
    const column = Buffer.byteLength(newline < 0 ? before : before.slice(newline + 1))
    const place = `${name}:${before.split('\n').length}:${column}`
    const message = `template: ${place}: executing ${JSON.stringify(name)} at <${shown}>: ${reason}`
    throw new TemplateExecutionError(message, { cause })
  }

  #node(node: Node, dot: unknown, scope: Scope): Jump {
    switch (node.kind) {
      case 'text':
        this.output += node.text
        return undefined
      case 'action': {
        const value = this.#pipe(node.pipe, dot, scope)
        if (node.pipe.variables.length === 0) this.output += printValue(value)
        return undefined
      }
      case 'if':
      case 'with':
        return this.#choose(node, dot, scope)
      case 'range':
        return this.#range(node, dot, scope)
      case 'template':
        return this.#invoke(node.name, node.pipe ? this.#pipe(node.pipe, dot, scope) : null, node.at)
      default:
        return node.kind
    }
  }

  #choose(node: Node & { kind: 'if' | 'with' | 'range' }, dot: unknown, scope: Scope): Jump {
    const inner: Scope = [...scope]
    const value = this.#pipe(node.pipe, dot, inner)
    const chosen = isTrue(value) ? node.body : node.otherwise
    const innerDot = node.kind === 'with' && chosen === node.body ? value : dot
    return this.list(chosen, innerDot, inner)
  }

  #range(node: Node & { kind: 'if' | 'with' | 'range' }, dot: unknown, scope: Scope): Jump {
    const { variables } = node.pipe
    const value = this.#pipe({ ...node.pipe, variables: [] }, dot, scope)
    const entries = this.#entries(value, node.pipe)
    if (entries.length === 0) return this.list(node.otherwise, dot, [...scope])
    for (const [key, entry] of entries) {
      const own: Scope = variables.length === 2 ? [[variables[0] as string, key]] : []
      if (variables.length > 0) own.push([variables[variables.length - 1] as string, entry])
      if (this.list(node.body, entry, [...scope, ...own]) === 'break') break
    }
    return undefined
  }

  #entries(value: unknown, pipe: Pipe): [unknown, unknown][] {
    if (Array.isArray(value)) return value.map((entry, index) => [index, entry])
    if (isMap(value)) return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    if (typeof value === 'number') return Array.from({ length: value }, (_, index) => [index, index])
    if (value === null || value === undefined || value instanceof Nil) return []
    return this.#fail(pipe.at, pipeText(pipe), `range can't iterate over ${printValue(value)}`)
  }

  #invoke(name: string, dot: unknown, at: number): Jump {
    const body = this.#template.definitions.get(name)
    const shown = `{{template ${JSON.stringify(name)}}}`
    if (!body) return this.#fail(at, shown, `template ${JSON.stringify(name)} not defined`)
    if (++this.#depth > depthLimit) return this.#fail(at, shown, 'exceeded maximum template depth')
    this.list(body, dot, [['$', dot]])
    this.#depth--
    return undefined
  }

  #pipe(pipe: Pipe, dot: unknown, scope: Scope): unknown {
    let value: unknown
    pipe.commands.forEach((command, index) => {
      value = this.#command(command, dot, scope, index === 0 ? [] : [value])
    })
    for (const name of pipe.variables) {
      const known = pipe.assigns ? scope.findLast(([other]) => other === name) : undefined
      if (known) known[1] = value
      else scope.push([name, value])
    }
    return value
  }

  #command(command: Command, dot: unknown, scope: Scope, last: readonly unknown[]): unknown {
    const [first, ...rest] = command.terms as [Term, ...Term[]]
    if (first.kind === 'function') return this.#call(first, command, rest, dot, scope, last)
    const parameters = () => [...rest.map((term) => this.#term(term, dot, scope)), ...last]
    if (first.kind === 'field' || first.kind === 'variable' || first.kind === 'chain') {
      return this.#fields(first, dot, scope, parameters)
    }
    if (rest.length > 0 || last.length > 0) {
      this.#fail(first.at, termText(first), `can't give argument to non-function ${termText(first)}`)
    }
    if (first.kind === 'constant' && first.value === null) this.#fail(first.at, 'nil', 'nil is not a command')
    return this.#term(first, dot, scope)
  }

  #call(
    { name, at }: Term & { kind: 'function' },
    command: Command,
    rest: readonly Term[],
    dot: unknown,
    scope: Scope,
    last: readonly unknown[],
  ): unknown {
    if (name === 'and' || name === 'or') return this.#logic(name, rest, dot, scope, last)
    const values = [...rest.map((term) => this.#term(term, dot, scope)), ...last]
    this.#checkTypes(name, rest, values)
    const target = name === 'call' ? values.shift() : this.#options.functions[name]
    if (typeof target !== 'function') return this.#fail(at, commandText(command), 'error calling call: non-function')
    const wanted = target.length
    const variadic = variadicFunctions.has(name)
    if (values.length < wanted || (!variadic && values.length > wanted)) {
      const counts = `want ${variadic ? 'at least ' : ''}${wanted} got ${values.length}`
      return this.#fail(at, name, `wrong number of args for ${name}: ${counts}`)
    }
    try {
      return target(...values)
    } catch (error) {
      return this.#fail(at, commandText(command), `error calling ${name}: ${(error as Error).message}`, error)
    }
  }

  #checkTypes(name: string, terms: readonly Term[], values: readonly unknown[]): void {
    const wanted = parameterTypes[name] ?? []
    terms.forEach((term, index) => {
      const type = wanted[index]
      if (type === undefined || typeName(values[index]) === type) return
      if (term.kind === 'constant') this.#fail(term.at, term.text, `expected ${type}; found ${term.text}`)
      const reason = `wrong type for value; expected ${type}; got ${typeName(values[index])}`
      this.#fail(term.at, termText(term), reason)
    })
  }

  /** Stops at the first operand that decides. */
  #logic(name: 'and' | 'or', rest: readonly Term[], dot: unknown, scope: Scope, last: readonly unknown[]): unknown {
    let value: unknown
    for (const term of rest) {
      value = this.#term(term, dot, scope)
      if (isTrue(value) === (name === 'or')) return value
    }
    return last.length > 0 ? last[0] : value
  }

  #term(term: Term, dot: unknown, scope: Scope): unknown {
    switch (term.kind) {
      case 'constant':
        return term.value
      case 'dot':
        return dot
      case 'pipe':
        return this.#pipe(term.pipe, dot, scope)
      case 'function':
        return this.#call(term, { terms: [term], at: term.at }, [], dot, scope, [])
      default:
        return this.#fields(term, dot, scope, () => [])
    }
  }

  #fields(
    term: Term & { kind: 'field' | 'variable' | 'chain' },
    dot: unknown,
    scope: Scope,
    parameters: () => unknown[],
  ): unknown {
    let value: unknown = dot
    if (term.kind === 'variable') value = scope.findLast(([name]) => name === term.name)?.[1]
    if (term.kind === 'chain') value = this.#term(term.term, dot, scope)
    term.names.forEach((name, index) => {
      const isLast = index === term.names.length - 1
      value = this.#field(value, name, term, isLast ? parameters() : [])
    })
    if (term.names.length === 0 && parameters().length > 0) {
      this.#fail(term.at, termText(term), `can't give argument to non-function ${termText(term)}`)
    }
    return value
  }

  #field(value: unknown, name: string, term: Term, parameters: unknown[]): unknown {
    if (value instanceof Struct) {
      const member = Object.hasOwn(value.members, name) ? value.members[name] : undefined
      if (!member) return this.#fail(term.at, termText(term), `can't evaluate field ${name} in type ${value.typeName}`)
      if (parameters.length !== member.length) {
        const counts = `want ${member.length} got ${parameters.length}`
        return this.#fail(term.at, termText(term), `wrong number of args for ${name}: ${counts}`)
      }
      return member(...parameters)
    }
    if (isMap(value)) return this.#entry(value, name, term, parameters)
    if (value === null || value === undefined || value instanceof Nil) {
      if (!this.#options.strict && value === undefined) return undefined
      return this.#fail(term.at, termText(term), `nil data; no entry for key ${JSON.stringify(name)}`)
    }
    // What was decoded from JSON has no type of its own.
    const type = this.#options.strict ? 'interface {}' : typeName(value)
    return this.#fail(term.at, termText(term), `can't evaluate field ${name} in type ${type}`)
  }

  #entry(map: Record<string, unknown>, name: string, term: Term, parameters: readonly unknown[]): unknown {
    const value = Object.hasOwn(map, name) && map[name] !== null ? map[name] : this.#options.missing?.(map, name)
    if (typeof value === 'function') return value(...parameters)
    if (parameters.length > 0) {
      return this.#fail(term.at, termText(term), `${name} is not a method but has arguments`)
    }
    if (value !== undefined) return value
    if (Object.hasOwn(map, name)) return null
    if (!this.#options.strict) return undefined
    return this.#fail(term.at, termText(term), `map has no entry for key ${JSON.stringify(name)}`)
  }
}
