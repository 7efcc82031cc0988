// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { TarEntry } from '@teu/oci-spec/archive'

/** A path of more parts than this is refused. */
const maximumDepth = 1024

/**
 * What a whiteout removes: one name, or everything that lower layers have in a directory. `nothing` is what a storage
 * driver once kept in layers for itself.
 *
 * @internal
 */
export type Whiteout = { kind: 'whiteout'; name: string } | { kind: 'opaque' } | { kind: 'nothing' }

const whiteoutPrefix = '.wh.'
const driverPrefix = '.wh..wh.'
const opaqueName = '.wh..wh..opq'

/**
 * An entry's path as its parts, the root as none. Leading `/` and `./` mean nothing. Throws `invalid-argument` with the
 * entry's name for one that leads out of the root, is empty, or is too deep.
 *
 * @internal
 */
export function partsOf({ name, type }: Pick<TarEntry, 'name' | 'type'>): string[] {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw invalid(name, 'leads out of the root')
  if (parts.length > maximumDepth) throw invalid(name, `has more than ${maximumDepth} parts`)
  if (parts.length === 0 && type !== 'directory') throw invalid(name, `puts a ${type} in place of the root`)
  return parts
}

/** Where a hard link leads, which is always inside of the root. Throws `invalid-argument`. @internal */
export function linkTargetOf(entry: TarEntry): string[] {
  const parts = partsOf({ name: entry.linkName, type: 'directory' })
  if (parts.length === 0) throw invalid(entry.name, 'is a hard link to the root')
  return parts
}

/** What an entry removes, by its last part; `undefined` for an ordinary one. Throws `invalid-argument` for a whiteout of nothing. @internal */
export function whiteoutOf(entry: TarEntry, parts: readonly string[]): Whiteout | undefined {
  const last = parts.at(-1) ?? ''
  if (last === opaqueName) return { kind: 'opaque' }
  if (parts.some((part) => part.startsWith(driverPrefix))) return { kind: 'nothing' }
  if (!last.startsWith(whiteoutPrefix)) {
    if (parts.some((part) => part.startsWith(whiteoutPrefix))) throw invalid(entry.name, 'lies below a whiteout')
    return undefined
  }
  const name = last.slice(whiteoutPrefix.length)
  if (name === '' || name === '.' || name === '..') throw invalid(entry.name, 'is a whiteout of nothing')
  return { kind: 'whiteout', name }
}

/** The name of an entry that hides a name of lower layers in a directory, or without one everything. @internal */
export function whiteoutName(directory: readonly string[], name?: string): string {
  return [...directory, name === undefined ? opaqueName : `${whiteoutPrefix}${name}`].join('/')
}

function invalid(name: string, what: string): StackError {
  return new StackError('invalid-argument', `layer entry ${JSON.stringify(name.slice(0, 256))} ${what}`)
}
