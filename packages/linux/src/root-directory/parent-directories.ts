// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs'
import { systemError } from '../errno.ts'
import type { PathBytes } from '../native/addon.ts'
import { native } from '../native/load.ts'
import { pathBytes } from './name-bytes.ts'
import { openFlags, resolveFlags } from './open-flags.ts'

const inRoot = resolveFlags.inRoot | resolveFlags.noMagiclinks
const openDirectory = openFlags.path | openFlags.directory | openFlags.cloexec
const cacheSize = 32

/** A folder that is open, and the name of one entry in it that has not been resolved. @internal */
export interface Located {
  dirfd: number
  name: PathBytes
}

/**
 * Finds the folder that holds the last component of a path inside a root, and keeps the most recent ones open: an
 * archive names many entries of one folder in a row. Whatever may change what a path means must call `forget`.
 *
 * @internal
 */
export class ParentDirectories {
  readonly #rootFd: number
  readonly #open = new Map<string, number>()

  constructor(rootFd: number) {
    this.#rootFd = rootFd
  }

  /** Throws `EINVAL` for the root itself and for paths that end in `..`. */
  locate(path: string, syscall: string): Located {
    const trimmed = path.replace(/(\/\.?)+$/, '')
    const slash = trimmed.lastIndexOf('/')
    const name = trimmed.slice(slash + 1)
    if (name === '' || name === '.' || name === '..') throw systemError('EINVAL', 22, syscall, path)
    return { dirfd: this.#folder(slash < 0 ? '' : trimmed.slice(0, slash)), name: pathBytes(name) }
  }

  /** Closes all folders: names may now lead elsewhere. */
  forget(): void {
    for (const fd of this.#open.values()) closeSync(fd)
    this.#open.clear()
  }

  #folder(path: string): number {
    if (path === '') return this.#rootFd
    const known = this.#open.get(path)
    if (known !== undefined) return known
    const fd = native().openat2(this.#rootFd, pathBytes(path), openDirectory, 0, inRoot)
    if (this.#open.size >= cacheSize) this.forget()
    this.#open.set(path, fd)
    return fd
  }
}
