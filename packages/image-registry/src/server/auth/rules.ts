// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { type RepositoryAction, repositoryActions } from './access.ts'
import { checkGlob, matchesGlob } from './glob.ts'

/**
 * Lets users do something to repositories. Rules add up and none takes away; without any rule every user may do
 * everything.
 *
 * @public
 */
export interface AccessRule {
  /** Patterns for names of users; `*` is everyone who proved to be one. */
  users: readonly string[]
  /** Patterns for names of repositories: `*` stands for anything but a slash, `**` for anything. */
  repositories: readonly string[]
  actions: readonly RepositoryAction[]
}

/**
 * Reads a rule from `USERS=REPOSITORIES:ACTIONS`, each a list with commas, for instance
 * `ci,release-*=team/**:pull,push`. `*` as the action is all three. Throws `invalid-argument`.
 *
 * @public
 */
export function parseAccessRule(text: string): AccessRule {
  const match = /^([^=]+)=([^:]+):([a-z*,]+)$/.exec(text)
  if (match === null) throw malformed(text, 'want USERS=REPOSITORIES:ACTIONS')
  const [users, repositories, names] = match.slice(1).map((list) => list.split(',')) as [string[], string[], string[]]
  for (const pattern of [...users, ...repositories]) checkGlob(pattern, `access rule ${JSON.stringify(text)}`)
  const actions = names.flatMap((name) => {
    if (name === '*') return repositoryActions
    const action = repositoryActions.find((known) => known === name)
    if (action === undefined) throw malformed(text, `${JSON.stringify(name)} is not pull, push or delete`)
    return [action]
  })
  return { users, repositories, actions: [...new Set(actions)] }
}

function malformed(text: string, why: string): StackError {
  return new StackError('invalid-argument', `access rule ${JSON.stringify(text.slice(0, 128))}: ${why}`)
}

/** Who may do what, by rules. @internal */
export class AccessRules {
  readonly #rules: readonly AccessRule[]
  readonly #anonymous: readonly string[]

  /** `anonymous` are patterns for the repositories that everybody may pull. */
  constructor(rules: readonly (AccessRule | string)[], anonymous: readonly string[]) {
    this.#rules = rules.map((rule) => (typeof rule === 'string' ? parseAccessRule(rule) : rule))
    this.#anonymous = anonymous.map((pattern) => checkGlob(pattern, 'anonymous pull'))
  }

  /** Whether anything at all is open to everybody. */
  get letsAnonymousIn(): boolean {
    return this.#anonymous.length > 0
  }

  allows(user: string | undefined, repository: string, action: RepositoryAction): boolean {
    const open = action === 'pull' && this.#anonymous.some((pattern) => matchesGlob(pattern, repository))
    if (open || user === undefined) return open
    if (this.#rules.length === 0) return true
    return this.#rules.some(
      (rule) =>
        rule.actions.includes(action) &&
        rule.users.some((pattern) => matchesGlob(pattern, user)) &&
        rule.repositories.some((pattern) => matchesGlob(pattern, repository)),
    )
  }
}
