// SPDX-License-Identifier: Apache-2.0
import type { Route } from '../router.ts'

/** What may be done to a repository. @public */
export type RepositoryAction = 'pull' | 'push' | 'delete'

/** All of them, in the order that scopes list them. @internal */
export const repositoryActions: readonly RepositoryAction[] = ['pull', 'push', 'delete']

/** A right, in the form of a token's `access` claim. @internal */
export interface Access {
  type: string
  name: string
  actions: readonly string[]
}

/** The right to list repositories. @internal */
export const catalogAccess: Access = { type: 'registry', name: 'catalog', actions: ['*'] }

/** The right that a request needs; `undefined` where it is enough to be somebody. @internal */
export function neededAccess(found: Route, method: string): Access | undefined {
  if (found.kind === 'base') return undefined
  if (found.kind === 'catalog') return catalogAccess
  return { type: 'repository', name: found.name, actions: [actionOf(found, method)] }
}

function actionOf(found: Route, method: string): RepositoryAction {
  if (found.kind === 'uploads' || found.kind === 'upload') return 'push'
  if (method === 'GET' || method === 'HEAD') return 'pull'
  return method === 'DELETE' ? 'delete' : 'push'
}

/** What to ask a token service for: whoever pushes looks first, and a mount reads from elsewhere. @internal */
export function askedScopes(needed: Access | undefined, mountFrom: string | undefined): string[] {
  if (needed === undefined) return []
  const actions = needed.actions.includes('push') ? ['pull', 'push'] : needed.actions
  const own = formatScope({ ...needed, actions })
  return mountFrom === undefined
    ? [own]
    : [own, formatScope({ type: 'repository', name: mountFrom, actions: ['pull'] })]
}

/** Whether rights include what is needed. `*` among their actions stands for all. @internal */
export function includesAccess(granted: readonly Access[], needed: Access): boolean {
  const actions = granted.filter(({ type, name }) => type === needed.type && name === needed.name)
  return needed.actions.every((action) =>
    actions.some((entry) => entry.actions.some((has) => has === '*' || has === action)),
  )
}

/** `type:name:actions`, as token services read it. @internal */
export function formatScope({ type, name, actions }: Access): string {
  return `${type}:${name}:${actions.join(',')}`
}

/**
 * Reads a scope. The name may contain colons, and a class may follow the type in brackets, which is dropped. `undefined`
 * for what is none.
 *
 * @internal
 */
export function parseScope(text: string): Access | undefined {
  const [first, last] = [text.indexOf(':'), text.lastIndexOf(':')]
  if (first < 1 || last <= first + 1) return undefined
  const type = text.slice(0, first).replace(/\([^()]*\)$/, '')
  const actions = text
    .slice(last + 1)
    .split(',')
    .filter((action) => action !== '')
  return { type, name: text.slice(first + 1, last), actions: [...new Set(actions)] }
}
