// SPDX-License-Identifier: Apache-2.0

interface Scope {
  /** Type and name, as in `repository:a/b`. */
  subject: string
  actions: string[]
}

/** Names may hold colons (a port), actions never do. */
function parse(scope: string): Scope {
  const at = scope.lastIndexOf(':')
  return { subject: scope.slice(0, at), actions: scope.slice(at + 1).split(',') }
}

/**
 * One scope for each thing that access is asked to, with all that is to be done to it, in the order of the first
 * mention: a token service sees one request, and one token serves it all.
 *
 * @internal
 */
export function mergeScopes(...lists: (readonly string[])[]): string[] {
  const merged = new Map<string, Set<string>>()
  for (const { subject, actions } of lists.flat().filter(Boolean).map(parse)) {
    const known = merged.get(subject) ?? new Set()
    for (const action of actions) known.add(action)
    merged.set(subject, known)
  }
  return [...merged].map(([subject, actions]) => `${subject}:${[...actions].join(',')}`)
}

/** Whether who may do all of `have` may do all of `want`. @internal */
export function coverScopes(have: readonly string[], want: readonly string[]): boolean {
  const held = new Map(have.map(parse).map(({ subject, actions }) => [subject, new Set(actions)]))
  return want.map(parse).every(({ subject, actions }) => {
    const allowed = held.get(subject)
    return allowed !== undefined && actions.every((action) => allowed.has(action) || allowed.has('*'))
  })
}
