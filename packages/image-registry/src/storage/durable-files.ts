// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, rmdir, unlink } from 'node:fs/promises'
import path from 'node:path'
import type { Failpoints } from './failpoints.ts'

/** How often a folder is made that others remove. */
const attempts = 10

/**
 * Files and folders that are still there after a power cut: a name lasts once the folder that holds it was synced, and
 * that folder's own name once its parent was, up to one that was there before.
 *
 * @internal
 */
export class DurableFiles {
  readonly #root: string
  readonly #temporary: string
  readonly #trash: string
  readonly #reached: Failpoints
  /** Folders whose names are not durable yet, so that nobody relies on one that another call is still making. */
  readonly #making = new Map<string, Promise<void>>()

  /** `privateDirectory` lies in the folder that holds everything, which stays. */
  constructor(privateDirectory: string, reached: Failpoints) {
    this.#root = path.dirname(privateDirectory)
    this.#temporary = path.join(privateDirectory, 'tmp')
    this.#trash = path.join(privateDirectory, 'trash')
    this.#reached = reached
  }

  /** Makes or replaces a file: written aside, synced, renamed, and its folder synced. */
  async write(target: string, content: Uint8Array): Promise<void> {
    const temporary = path.join(this.#temporary, randomUUID())
    await this.makeDirectory(path.dirname(target))
    try {
      await using file = await this.#create(temporary)
      await this.#reached('write.created')
      await file.writeFile(content)
      await this.#reached('write.written')
      await file.sync()
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
    await this.#reached('write.synced')
    await this.place(temporary, target)
  }

  /** Renames a synced file to its place. */
  async place(from: string, to: string): Promise<void> {
    await this.inDirectory(path.dirname(to), () => rename(from, to))
    await this.#reached('place.renamed')
    await syncDirectory(path.dirname(to))
    await this.#reached('place.synced')
  }

  /** Removes a file, and the folder that it leaves empty; or takes a folder whole away at once, and then apart. */
  async remove(target: string, { lazily = false }: { lazily?: boolean }): Promise<void> {
    if (await this.#removeFile(target, lazily)) return
    const aside = path.join(this.#trash, randomUUID())
    if (!(await this.#renameAside(target, aside))) return
    await this.#reached('remove.renamed')
    if (!lazily) await syncDirectory(path.dirname(target))
    await this.#reached('remove.synced')
    await takeApart(aside)
  }

  /** Makes a folder, and does something in it; again when it was removed in between, because it was empty. */
  async inDirectory<T>(directory: string, work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      await this.makeDirectory(directory)
      try {
        return await work()
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === attempts) throw error
      }
    }
  }

  /** Makes a folder, and those above it. */
  async makeDirectory(directory: string): Promise<void> {
    for (let above = path.dirname(directory); above !== path.dirname(above); above = path.dirname(above))
      await this.#making.get(above)
    const known = this.#making.get(directory)
    if (known !== undefined) return known
    const made = this.#makeOne(directory)
    this.#making.set(directory, made)
    try {
      await made
    } finally {
      this.#making.delete(directory)
    }
  }

  /** Removes what a process that died was writing and removing. */
  async recover(): Promise<void> {
    for (const directory of [this.#temporary, this.#trash]) {
      await rm(directory, { recursive: true, force: true })
      await this.#reached('recover.removed')
    }
  }

  async #makeOne(directory: string): Promise<void> {
    const make = () => mkdir(directory, { mode: 0o755 })
    try {
      await make().catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
        await this.makeDirectory(path.dirname(directory))
        await make()
      })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return
      throw error
    }
    await this.#reached('folder.made')
    await syncDirectory(path.dirname(directory))
  }

  async #create(file: string) {
    const attempt = () => open(file, 'wx', 0o644)
    return attempt().catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      await mkdir(path.dirname(file), { recursive: true })
      return attempt()
    })
  }

  /** Answers whether it was no folder. The folder that stays is waited for in any case: nobody else will. */
  async #removeFile(target: string, lazily: boolean): Promise<boolean> {
    try {
      await unlink(target)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EISDIR' || code === 'EPERM') return false
      if (code === 'ENOENT' || code === 'ENOTDIR') return true
      throw error
    }
    await this.#reached('remove.unlinked')
    const folder = path.dirname(target)
    const isGone = folder !== this.#root && (await removeEmpty(folder))
    if (!lazily || !isGone) await syncDirectory(isGone ? path.dirname(folder) : folder)
    await this.#reached('remove.synced')
    return true
  }

  /** Answers whether there was anything. What cannot be renamed, on a full disk, is removed where it is. */
  async #renameAside(target: string, aside: string): Promise<boolean> {
    try {
      await rename(target, aside).catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
        await mkdir(this.#trash, { recursive: true })
        await rename(target, aside)
      })
      return true
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ENOTDIR') return false
      if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error
      await rm(target, { recursive: true, force: true })
      return true
    }
  }
}

/** Removes a file, or a folder whole: of one that holds a file and no more, with a third of the calls that others need. */
async function takeApart(target: string): Promise<void> {
  try {
    const [only, ...more] = await readdir(target)
    if (only === undefined || more.length > 0) throw new Error('not one file')
    await unlink(path.join(target, only))
    await rmdir(target)
  } catch {
    await rm(target, { recursive: true, force: true })
  }
}

/** Answers whether the folder is away. */
async function removeEmpty(folder: string): Promise<boolean> {
  return rmdir(folder).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  )
}

/**
 * Makes the names in a folder durable or, of one that was removed meanwhile, that it is away. Where folders cannot be
 * synced, as on Windows, the system does so itself.
 */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return
  try {
    await using handle = await open(directory, 'r')
    await handle.sync()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    await syncDirectory(path.dirname(directory))
  }
}
