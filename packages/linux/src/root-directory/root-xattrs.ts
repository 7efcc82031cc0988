// SPDX-License-Identifier: Apache-2.0
import type { PathBytes } from '../native/addon.ts'
import { native } from '../native/load.ts'
import { nameOfBytes, pathBytes } from './name-bytes.ts'

/** Runs `use` with the folder of a path and the last component. @internal */
export type AtParent = <T>(path: string, use: (dirfd: number, name: PathBytes) => T) => T

/**
 * Extended attributes of entries inside a root (xattr(7)). The entry itself is meant, also when it is a link. Names
 * carry their class: `user.x`, `trusted.overlay.opaque`, `security.capability`; bytes that are not UTF-8 are in the
 * form of {@link nameOfBytes}.
 *
 * @public
 */
export class RootXattrs {
  readonly #at: AtParent

  /** @internal */
  constructor(at: AtParent) {
    this.#at = at
  }

  /** All names that this process may see. */
  list(path: string): string[] {
    return this.#at(path, (dirfd, name) => native().llistxattr(entryPath(dirfd, name)).map(nameOfBytes))
  }

  /** Throws `ENODATA` when the entry has no such attribute. */
  get(path: string, attribute: string): Buffer {
    return this.#at(path, (dirfd, name) => native().lgetxattr(entryPath(dirfd, name), pathBytes(attribute)))
  }

  /** Creates or replaces. Throws `EOPNOTSUPP` where the file system has no such class. */
  set(path: string, attribute: string, value: Uint8Array): void {
    this.#at(path, (dirfd, name) => native().lsetxattr(entryPath(dirfd, name), pathBytes(attribute), value, 0))
  }

  /** Throws `ENODATA` when the entry has no such attribute. */
  remove(path: string, attribute: string): void {
    this.#at(path, (dirfd, name) => native().lremovexattr(entryPath(dirfd, name), pathBytes(attribute)))
  }
}

// There is no xattr call that takes a folder descriptor before Linux 6.13; only the last component is looked up here.
function entryPath(dirfd: number, name: PathBytes): PathBytes {
  const folder = `/proc/self/fd/${dirfd}/`
  return typeof name === 'string' ? `${folder}${name}` : Buffer.concat([Buffer.from(folder), name])
}
