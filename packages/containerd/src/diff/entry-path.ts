// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

const whiteoutPrefix = '.wh.'
const metaPrefix = '.wh..wh.'

/** The deepest folder that an archive may name. */
const maximumDepth = 1024

/** Where an entry goes, relative to the root; empty for the root itself. */
export type EntryPath = string

/** What an entry's name asks for. */
export type EntryMeaning =
  | { kind: 'plain'; path: EntryPath }
  | { kind: 'whiteout'; path: EntryPath }
  | { kind: 'opaque'; folder: EntryPath }
  | { kind: 'ignored' }

/**
 * A name from an archive as a path below the root: `..` and absolute names lead nowhere else. Links on the way are
 * not looked at here; that is the kernel's work.
 *
 * @throws `invalid-argument` for a NUL or more than 1,024 folders
 */
export function cleanPath(name: string): EntryPath {
  if (name.includes('\0')) throw invalid(name, 'has a NUL')
  const parts: string[] = []
  for (const part of name.split('/'))
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  if (parts.length > maximumDepth) throw invalid(name, `is deeper than ${maximumDepth} folders`)
  return parts.join('/')
}

/** The folder of a path; empty for the root. */
export function folderOf(path: EntryPath): EntryPath {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}

/** The last name of a path. */
export function baseOf(path: EntryPath): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/**
 * Tells plain entries from whiteouts, as the OCI image specification spells them.
 *
 * @throws `invalid-argument` for a whiteout of nothing, `.` or `..`
 */
export function meaningOf(name: string): EntryMeaning {
  const path = cleanPath(name)
  const base = baseOf(path)
  if (!base.startsWith(whiteoutPrefix)) return { kind: 'plain', path }
  if (base === '.wh..wh..opq') return { kind: 'opaque', folder: folderOf(path) }
  // Other names of this form were aufs's own books.
  if (base.startsWith(metaPrefix)) return { kind: 'ignored' }
  const hidden = base.slice(whiteoutPrefix.length)
  if (hidden === '' || hidden === '.' || hidden === '..') throw invalid(name, 'is not a whiteout of anything')
  const folder = folderOf(path)
  return { kind: 'whiteout', path: folder === '' ? hidden : `${folder}/${hidden}` }
}

/** The error of an entry that cannot be unpacked. */
export function invalid(name: string, why: string): StackError {
  return new StackError('invalid-argument', `entry ${JSON.stringify(name.slice(0, 256))} ${why}: invalid argument`)
}
