// SPDX-License-Identifier: Apache-2.0
import { fileTypes, type RootDirectory } from '@teu/linux'
import { cleanPath, type EntryPath, folderOf } from './entry-path.ts'

/** How many links may lead to one another; the kernel has the same limit. */
const maximumLinks = 40

/**
 * Makes the folders that an archive takes for granted. Where the root holds one layer alone, a missing folder is made
 * as the nearest layer below has it, so that the merged view stays as it was.
 */
export class ParentFolders {
  readonly #root: RootDirectory
  readonly #lowers: readonly RootDirectory[]
  readonly #known = new Set<EntryPath>()

  constructor(root: RootDirectory, lowers: readonly RootDirectory[]) {
    this.#root = root
    this.#lowers = lowers
  }

  /** @throws `ELOOP` when links lead in a circle */
  ensure(folder: EntryPath, links = 0): void {
    if (folder === '' || this.#known.has(folder)) return
    const missing: EntryPath[] = []
    // From the inside out: an archive may name a deep folder first.
    for (let at = folder; at !== '' && this.#root.stat(at) === undefined; at = folderOf(at)) missing.push(at)
    for (const path of missing.reverse()) this.#make(path, links)
    this.#known.add(folder)
  }

  /** Says that something was removed: what is known may not hold any more. */
  forget(): void {
    this.#known.clear()
  }

  #make(path: EntryPath, links: number): void {
    const existing = this.#root.lstat(path)
    if (existing !== undefined && (existing.mode & fileTypes.mask) === fileTypes.symlink) {
      // A link that leads to nothing yet, as `var/run` to `/run` does in layers that name it first.
      if (links === maximumLinks)
        throw Object.assign(new Error(`too many links: ${path}`), { code: 'ELOOP', errno: -40 })
      this.ensure(linkTarget(path, this.#root.readlink(path)), links + 1)
      return
    }
    this.#root.mkdir(path, 0o755)
    for (const lower of this.#lowers) {
      const found = lower.stat(path)
      if (found === undefined) continue
      if ((found.mode & fileTypes.mask) !== fileTypes.directory) break
      this.#root.chown(path, found.uid, found.gid)
      this.#root.chmod(path, found.mode & 0o7777)
      this.#root.utimes(path, found.atimeNs, found.mtimeNs)
      return
    }
    this.#root.chmod(path, 0o755)
  }
}

/** Where a link in a root leads to, by its text alone. */
function linkTarget(path: EntryPath, target: string): EntryPath {
  return cleanPath(target.startsWith('/') ? target : `${folderOf(path)}/${target}`)
}
