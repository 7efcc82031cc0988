// SPDX-License-Identifier: Apache-2.0
import { nameOfBytes } from './name-bytes.ts'

/** What kind of file an entry is; `unknown` where the file system does not tell. @public */
export type FileKind =
  | 'regular'
  | 'directory'
  | 'symlink'
  | 'character-device'
  | 'block-device'
  | 'fifo'
  | 'socket'
  | 'unknown'

/** One entry of a directory. @public */
export interface DirectoryEntry {
  /** The name in the lossless form of {@link nameOfBytes}, which all calls here take. */
  name: string
  /** The name as it is on disk. */
  nameBytes: Buffer
  kind: FileKind
}

const kinds: Record<number, FileKind> = {
  1: 'fifo',
  2: 'character-device',
  4: 'directory',
  6: 'block-device',
  8: 'regular',
  10: 'symlink',
  12: 'socket',
}

/** The kind of file that `st_mode` tells. @public */
export function fileKind(mode: number): FileKind {
  return kinds[(mode & 0o170000) >> 12] ?? 'unknown'
}

/** Turns the addon's flat list into entries. @internal */
export function entriesOf(flat: readonly (Buffer | number)[]): DirectoryEntry[] {
  const entries: DirectoryEntry[] = []
  for (let i = 0; i < flat.length; i += 2) {
    const nameBytes = flat[i] as Buffer
    entries.push({ name: nameOfBytes(nameBytes), nameBytes, kind: kinds[flat[i + 1] as number] ?? 'unknown' })
  }
  return entries
}
