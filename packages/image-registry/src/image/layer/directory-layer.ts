// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:fs'
import { lstat, open, readdir, readlink } from 'node:fs/promises'
import path from 'node:path'
import { StackError } from '@teu/errors'
import { bytesOfName, compareNames, nameOfBytes } from '@teu/oci-spec/archive'
import { type Layer, type LayerOptions, layerFromTar } from './layer.ts'
import { type LayerEntry, writeTar } from './tar-writer.ts'

/** Options of {@link entriesOfDirectory}. @public */
export interface DirectoryOptions {
  /** Where the directory's content goes in the image, such as `app` or `/srv/app`. Default: the root. */
  prefix?: string
  /** Owner of everything. Default root. */
  uid?: number
  gid?: number
  /** Seconds since 1970 for everything, or `kept`. Default 0, so that the same files make the same layer. */
  mtime?: number | 'kept'
  /**
   * `plain`: 0755 for directories and what may be executed, 0644 for the rest, whatever the umask was; `kept`: as they
   * are. Default `plain`.
   */
  modes?: 'plain' | 'kept'
  /**
   * Whether to take an entry, by its path relative to the directory, with `/` between parts, in the form of
   * `nameOfBytes` of `@teu/oci-spec/archive`. Default: all.
   */
  filter?: (name: string, type: 'file' | 'directory' | 'symlink') => boolean
}

/** Entries of one directory, with all below it. */
const maximumEntries = 1_000_000
const readSize = 256 * 1024

/**
 * A layer of a directory's content: the same files make the same bytes, on any machine. See {@link entriesOfDirectory}
 * for what becomes of them. The directory is read now and again each time the layer is opened, and must not change:
 * `data-loss` otherwise.
 *
 * @public
 */
export async function layerFromDirectory(
  directory: string,
  options: DirectoryOptions & LayerOptions = {},
): Promise<Layer> {
  const entries: LayerEntry[] = await Array.fromAsync(entriesOfDirectory(directory, options))
  return layerFromTar(() => writeTar(entries), options)
}

/**
 * What is in a directory as entries of a layer: sorted, parents first. Symbolic links stay what they are and are not
 * followed; hard links become files of their own, for whether two names are one file says more about a package manager
 * than about the image. Sockets are left out. Throws `invalid-argument` for a device or a FIFO, `not-found` when the
 * directory is not there.
 *
 * @public
 */
export async function* entriesOfDirectory(
  directory: string,
  options: DirectoryOptions = {},
): AsyncGenerator<LayerEntry, void, undefined> {
  const prefix = (options.prefix ?? '').split('/').filter((part) => part !== '')
  for (const [depth] of prefix.entries())
    yield { ...common(options, 0), path: prefix.slice(0, depth + 1).join('/'), type: 'directory' }
  let count = 0
  for await (const entry of walk(directory, [], prefix, options)) {
    if (++count > maximumEntries)
      throw new StackError('resource-exhausted', `${directory}: more than ${maximumEntries} entries`)
    yield entry
  }
}

async function* walk(
  root: string,
  below: readonly string[],
  prefix: readonly string[],
  options: DirectoryOptions,
): AsyncGenerator<LayerEntry, void, undefined> {
  const directory = path.join(root, ...below)
  const names = await readdir(onDisk(directory), 'buffer').catch((error: NodeJS.ErrnoException) => {
    throw new StackError(error.code === 'ENOENT' ? 'not-found' : 'unknown', `${directory}: ${error.message}`, {
      cause: error,
    })
  })
  for (const name of names.map(nameOfBytes).sort(compareNames)) {
    const at = [...below, name]
    const entry = await entryOf(root, at, prefix, options)
    if (entry === undefined) continue
    yield entry
    if (entry.type === 'directory') yield* walk(root, at, prefix, options)
  }
}

/** A path whose parts are in the lossless form of names, as the file system has it. */
function onDisk(file: string): string | Buffer {
  return file.isWellFormed() ? file : bytesOfName(file)
}

async function entryOf(
  root: string,
  at: readonly string[],
  prefix: readonly string[],
  options: DirectoryOptions,
): Promise<LayerEntry | undefined> {
  const file = path.join(root, ...at)
  const stats = await lstat(onDisk(file))
  const type = stats.isFile()
    ? 'file'
    : stats.isDirectory()
      ? 'directory'
      : stats.isSymbolicLink()
        ? 'symlink'
        : undefined
  if (type === undefined) {
    if (stats.isSocket()) return undefined
    throw new StackError('invalid-argument', `${file}: neither a file, nor a directory, nor a symbolic link`)
  }
  if (options.filter?.(at.join('/'), type) === false) return undefined
  const entry: LayerEntry = { ...common(options, stats.mtimeMs / 1000), path: [...prefix, ...at].join('/'), type }
  if (type === 'symlink') return { ...entry, target: nameOfBytes(await readlink(onDisk(file), 'buffer')) }
  const mode =
    options.modes === 'kept' ? stats.mode & 0o7777 : type === 'directory' || stats.mode & 0o111 ? 0o755 : 0o644
  if (type === 'directory') return { ...entry, mode }
  return { ...entry, mode, content: { size: stats.size, open: () => contentOf(file, stats.size) } }
}

function common({ uid = 0, gid = 0, mtime = 0 }: DirectoryOptions, own: number) {
  return { uid, gid, mtime: mtime === 'kept' ? own : mtime }
}

/** Exactly as many bytes as there were, and one more chunk when there are more by now, which is then noticed. */
async function* contentOf(file: string, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  await using handle = await open(onDisk(file), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
  for (let read = 0; read <= size; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(Math.min(readSize, size - read + 1)))
    if (bytesRead === 0) return
    read += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
