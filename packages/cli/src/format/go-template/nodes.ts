// SPDX-License-Identifier: Apache-2.0

/** Where a node begins, as an offset in the template's text. */
interface Placed {
  readonly at: number
}

/** An operand or a function's name. */
export type Term = Placed &
  (
    | { readonly kind: 'field'; readonly names: readonly string[] }
    | { readonly kind: 'variable'; readonly name: string; readonly names: readonly string[] }
    | { readonly kind: 'chain'; readonly term: Term; readonly names: readonly string[] }
    | { readonly kind: 'function'; readonly name: string }
    | { readonly kind: 'pipe'; readonly pipe: Pipe }
    | { readonly kind: 'constant'; readonly value: string | number | bigint | boolean | null; readonly text: string }
    | { readonly kind: 'dot' }
  )

/** A function or value and the arguments beside it. */
export interface Command extends Placed {
  readonly terms: readonly Term[]
}

/** Commands, each of which gets the value of the one before as its last argument. */
export interface Pipe extends Placed {
  /** Variables that take the value; two in a range. */
  readonly variables: readonly string[]
  /** `=` sets existing variables, `:=` makes new ones. */
  readonly assigns: boolean
  readonly commands: readonly Command[]
}

/** A piece of a template. */
export type Node = Placed &
  (
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'action'; readonly pipe: Pipe }
    | { readonly kind: 'if' | 'with' | 'range'; readonly pipe: Pipe; readonly body: Node[]; readonly otherwise: Node[] }
    | { readonly kind: 'template'; readonly name: string; readonly pipe: Pipe | undefined }
    | { readonly kind: 'break' | 'continue' }
  )

/** A parsed template: its body, and the bodies that it defines by name. */
export interface Template {
  readonly name: string
  readonly text: string
  readonly body: readonly Node[]
  readonly definitions: ReadonlyMap<string, readonly Node[]>
}

/** A term as error messages show it. */
export function termText(term: Term): string {
  switch (term.kind) {
    case 'field':
      return `.${term.names.join('.')}`
    case 'variable':
      return [term.name, ...term.names].join('.')
    case 'chain':
      return `${term.term.kind === 'pipe' ? `(${pipeText(term.term.pipe)})` : termText(term.term)}.${term.names.join('.')}`
    case 'function':
      return term.name
    case 'pipe':
      return `(${pipeText(term.pipe)})`
    case 'constant':
      return term.text
    case 'dot':
      return '.'
  }
}

/** A command as error messages show it. */
export function commandText(command: Command): string {
  return command.terms.map(termText).join(' ')
}

/** A pipe as error messages show it. */
export function pipeText(pipe: Pipe): string {
  const declared = pipe.variables.length > 0 ? `${pipe.variables.join(', ')} ${pipe.assigns ? '=' : ':='} ` : ''
  return declared + pipe.commands.map(commandText).join(' | ')
}
