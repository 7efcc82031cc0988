// SPDX-License-Identifier: Apache-2.0
import type { TarEntry } from '@teu/containerd-api/archive'
import { isErrno, type RootDirectory } from '@teu/linux'

/** Nothing is dated before or after what every file system can hold. */
const bounds = { least: 0n, most: 4_294_967_295n * 1_000_000_000n }

/** Whether an extended attribute from an image is set. Those that steer overlayfs and other kernel parts are not. */
export function keepsXattr(name: string): boolean {
  if (name.startsWith('user.')) return !name.startsWith('user.overlay.')
  return name.startsWith('security.') || name === 'system.posix_acl_access' || name === 'system.posix_acl_default'
}

/** Gives an entry its owner, attributes and mode: in this order, because a new owner takes capabilities and setuid. */
export function setMetadata(root: RootDirectory, path: string, entry: TarEntry): void {
  root.chown(path, entry.uid, entry.gid)
  for (const [name, value] of entry.xattrs) if (keepsXattr(name)) setXattr(root, path, name, value)
  if (entry.type !== 'symlink') root.chmod(path, entry.mode)
}

/** Gives an entry its times. */
export function setTimes(root: RootDirectory, path: string, { atimeNs, mtimeNs }: TarEntry): void {
  const mtime = bounded(mtimeNs)
  const atime = bounded(atimeNs ?? mtimeNs)
  // biome-ignore lint/complexity/useMathMinMax: Math.max does not take bigints
  const accessed = atime > mtime ? atime : mtime
  root.utimes(path, accessed, mtime)
}

function setXattr(root: RootDirectory, path: string, name: string, value: Uint8Array): void {
  try {
    root.xattrs.set(path, name, value)
  } catch (error) {
    // The file system has no such attributes, or this kind of file may have none: what is lost is said nowhere else.
    if (!isErrno(error, 'EOPNOTSUPP', 'EPERM')) throw error
  }
}

function bounded(nanoseconds: bigint): bigint {
  if (nanoseconds < bounds.least) return bounds.least
  return nanoseconds > bounds.most ? bounds.most : nanoseconds
}
