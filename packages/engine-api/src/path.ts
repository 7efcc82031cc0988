// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { Route } from './route.ts'

/** The values of a path's parameters, by name without braces and star. @public */
export type PathParameters = Readonly<Record<string, string>>

/** Tests whether a (version-less, still encoded) path is a route's, and yields its parameters. @public */
export type PathMatcher = (path: string) => PathParameters | undefined

/**
 * Compiles a route's path. `{id}` takes one segment, `{name*}` one or more: as much as what follows allows. Percent
 * encoding is undone after matching, so an encoded slash never splits a segment; what cannot be decoded, and NUL,
 * match nothing.
 *
 * @public
 */
export function compilePath(pattern: string): PathMatcher {
  const names: string[] = []
  const source = pattern
    .split(/(\{[^}]+\})/)
    .map((part) => {
      if (!part.startsWith('{')) return part.replace(/[.*+?^$()|[\]\\]/g, '\\$&')
      const greedy = part.endsWith('*}')
      names.push(part.slice(1, greedy ? -2 : -1))
      return greedy ? '(.+)' : '([^/]+)'
    })
    .join('')
  const expression = new RegExp(`^${source}$`)
  return (path) => {
    const match = expression.exec(path)
    if (!match) return undefined
    const parameters: Record<string, string> = {}
    for (const [index, name] of names.entries()) {
      const value = decodeSegment(match[index + 1] as string)
      if (value === undefined) return undefined
      parameters[name] = value
    }
    return parameters
  }
}

/**
 * The path and query of a request for `route`. Parameters are percent-encoded (a greedy one keeps its slashes), and
 * undefined query values are left out. Throws `invalid-argument` for an empty parameter, which a server would clean
 * into another path.
 *
 * @public
 */
export function buildTarget(
  route: Route,
  parameters: PathParameters = {},
  query: Readonly<Record<string, string | readonly string[] | undefined>> = {},
): string {
  const path = route.path.replace(/\{([^}*]+)(\*?)\}/g, (_, name: string, greedy: string) => {
    const value = parameters[name]
    if (!value) throw new StackError('invalid-argument', `invalid ${name}: value is empty`)
    const encoded = encodeURIComponent(value)
    return greedy ? encoded.replaceAll('%2F', '/') : encoded
  })
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    for (const item of value === undefined ? [] : [value].flat()) search.append(key, item)
  }
  return search.size > 0 ? `${path}?${search}` : path
}

function decodeSegment(text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text)
    return decoded.includes('\0') ? undefined : decoded
  } catch {
    return undefined
  }
}
