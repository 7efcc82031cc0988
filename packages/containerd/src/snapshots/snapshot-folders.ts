// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { RootDirectory, spreadFolders } from '@teu/linux'
import type { TreeWorkers } from '../diff/tree-workers.ts'
import { setAside } from '../metadata/quarantine.ts'

/** Up to how many entries all trees together are removed without a worker: fewer than starting one costs. */
const fewEntries = 256

/** Up to how many bytes a file is unlinked without a worker: a large one takes the kernel long. */
const smallFile = 4 * 1024 * 1024

/** The numbered folders of a snapshotter, `<root>/snapshots/<id>`. */
export class SnapshotFolders {
  readonly #root: string
  readonly #workers: TreeWorkers

  constructor(root: string, workers: TreeWorkers) {
    this.#root = root
    this.#workers = workers
  }

  /** Makes the root, for the daemon alone. */
  async prepare(): Promise<void> {
    const snapshots = join(this.#root, 'snapshots')
    await mkdir(snapshots, { recursive: true, mode: 0o700 })
    // Measured: without a journal ext4 passes over every inode that was freed in the last minutes, in the group where
    // it looks for one. A layer that came to lie where another was just removed took 4 s instead of 0.2 s.
    spreadFolders(snapshots)
  }

  path(id: number): string {
    return join(this.#root, 'snapshots', String(id))
  }

  /** Makes the folder of a snapshot with folders in it, whatever the umask. */
  make(id: number, inside: Readonly<Record<string, number>>): void {
    // A name that was never there before, as ext4 chooses the place by it; it also makes the folder appear complete.
    const made = mkdtempSync(join(this.#root, 'snapshots', 'new-'))
    try {
      for (const [name, mode] of Object.entries(inside)) {
        const path = join(made, name)
        mkdirSync(path)
        chmodSync(path, mode)
      }
      renameSync(made, this.path(id))
    } catch (error) {
      rmSync(made, { recursive: true, force: true })
      throw error
    }
  }

  async ids(): Promise<number[]> {
    const names = await readdir(join(this.#root, 'snapshots'))
    return names.filter((name) => /^[0-9]+$/.test(name)).map(Number)
  }

  /** Removes folders with all in them, as what a container or an image left there may be hostile. */
  async remove(ids: readonly number[]): Promise<void> {
    const names: string[] = []
    for (const id of ids) {
      const name = `rm-${id}`
      // Renamed first, so that a removal that is cut short is not taken for a snapshot.
      await rename(this.path(id), join(this.#root, 'snapshots', name)).catch(ignoreMissing)
      names.push(name)
    }
    await this.#removeNamed(names)
  }

  setAside(ids: readonly number[]): Promise<string | undefined> {
    return setAside(
      this.#root,
      ids.map((id) => join('snapshots', String(id))),
    )
  }

  /** Removes what earlier removals left unfinished. */
  async finishRemovals(): Promise<void> {
    const names = await readdir(join(this.#root, 'snapshots'))
    await this.#removeNamed(names.filter((name) => !/^[0-9]+$/.test(name)))
  }

  async #removeNamed(names: readonly string[]): Promise<void> {
    using root = RootDirectory.open(join(this.#root, 'snapshots'))
    const large: string[] = []
    let left = fewEntries
    for (const name of names) {
      const cost = costOfRemoval(root, name, left)
      left -= Math.min(left, cost)
      if (left > 0) root.removeAll(name)
      else large.push(name)
    }
    if (large.length > 0) await this.#workers.run('remove', { root: join(this.#root, 'snapshots'), names: large })
  }
}

/** How many entries a tree has, counted up to a limit; the limit for a tree with a large file. */
function costOfRemoval(root: RootDirectory, top: string, limit: number): number {
  const folders = [top]
  let count = 1
  for (let folder = folders.pop(); folder !== undefined && count < limit; folder = folders.pop()) {
    if (root.lstat(folder) === undefined) continue
    for (const { name, kind } of root.readdir(folder)) {
      if (++count >= limit) return limit
      const path = `${folder}/${name}`
      if (kind === 'directory') folders.push(path)
      else if (kind === 'regular' && Number(root.lstat(path)?.size ?? 0) > smallFile) return limit
    }
  }
  return count
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
