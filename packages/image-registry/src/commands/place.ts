// SPDX-License-Identifier: Apache-2.0
import { stat } from 'node:fs/promises'
import { StackError } from '@teu/errors'
import { parseReference, type Reference, withDefaultTag } from '@teu/oci-spec/distribution'
import { imageLayoutFile } from '@teu/oci-spec/image'
import { openTarFile } from '../image/archive/tar-file.ts'

/** The kinds of files that images are in. @internal */
export const fileKinds = ['oci', 'oci-archive', 'docker-archive'] as const

/** @internal */
export type FileKind = (typeof fileKinds)[number]

/** Where an image is, or is to go. @internal */
export type Place =
  | { kind: 'registry'; reference: Reference }
  /** Of a layout or an archive; `name` picks one of several images. */
  | { kind: FileKind; path: string; name?: string }

/**
 * Reads a place as people write it: `oci:DIR[:NAME]`, `oci-archive:FILE[:NAME]`, `docker-archive:FILE[:NAME]`, and
 * anything else is a reference, `docker://` in front of it or not. Throws `invalid-argument`.
 *
 * @internal
 */
export function parsePlace(text: string): Place {
  for (const kind of fileKinds)
    if (text.startsWith(`${kind}:`)) return { kind, ...splitName(text.slice(kind.length + 1), text) }
  return { kind: 'registry', reference: registryReference(text) }
}

/** A reference, with the tag `latest` when it says neither tag nor digest. @internal */
export function registryReference(text: string): Reference {
  return withDefaultTag(parseReference(text.replace(/^docker:\/\//, '')))
}

/** The name may have colons of its own, a path before it may not, but for a drive letter. */
function splitName(text: string, whole: string): { path: string; name?: string } {
  const colon = text.indexOf(':', /^[A-Za-z]:[\\/]/.test(text) ? 2 : 0)
  const [path, name] = colon === -1 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)]
  if (path === '') throw new StackError('invalid-argument', `${JSON.stringify(whole)} names no file`)
  return name === '' ? { path } : { path, name }
}

/**
 * A layout or an archive by its path alone, or as {@link parsePlace} reads it: what it is shows when one looks. Throws
 * `invalid-argument` for a place that is no file.
 *
 * @internal
 */
export async function findFile(text: string, name?: string): Promise<Exclude<Place, { kind: 'registry' }>> {
  const explicit = fileKinds.some((kind) => text.startsWith(`${kind}:`)) ? parsePlace(text) : undefined
  if (explicit !== undefined && explicit.kind !== 'registry') return { ...explicit, ...(name && { name }) }
  const kind = await kindOf(text)
  return { kind, path: text, ...(name && { name }) }
}

async function kindOf(path: string): Promise<FileKind> {
  const stats = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new StackError(error.code === 'ENOENT' ? 'not-found' : 'unknown', `${path}: ${error.message}`, {
      cause: error,
    })
  })
  if (stats.isDirectory()) return 'oci'
  // Docker's newer archives are layouts as well.
  return (await openTarFile(path)).has(imageLayoutFile) ? 'oci-archive' : 'docker-archive'
}
