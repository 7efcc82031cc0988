// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { type Digest, digestAlgorithm, digestEncoded } from '@teu/oci-spec/image'

/** Nobody's process. */
const free = 0

/** A file that a blob is being written to. @internal */
export interface PartialFile {
  path: string
  /** Bytes that an earlier attempt left. */
  size: number
}

/**
 * The beginnings of blobs that a broken pull leaves in a layout, under a name of digest and process. One that belongs to
 * no living process is taken over by renaming it, which one of several takers can do.
 *
 * @internal
 */
export class PartialFiles {
  readonly #directory: string

  constructor(layout: string) {
    this.#directory = path.join(layout, '.ingest')
  }

  /** A file of this process for a blob: what was left of it, or a new one. */
  async take(digest: Digest): Promise<PartialFile> {
    await mkdir(this.#directory, { recursive: true })
    const own = this.#path(digest, process.pid)
    for (const name of await readdir(this.#directory)) {
      if (!name.startsWith(prefixOf(digest)) || isAlive(ownerOf(name))) continue
      const taken = await rename(path.join(this.#directory, name), own).then(
        () => true,
        () => false,
      )
      if (taken) return { path: own, size: (await stat(own)).size }
    }
    return { path: own, size: 0 }
  }

  /** Leaves a file to whoever pulls the blob next. */
  async release(digest: Digest, file: PartialFile): Promise<void> {
    await rename(file.path, this.#path(digest, free)).catch(() => {})
  }

  /** Removes a file. */
  async discard(file: PartialFile): Promise<void> {
    await rm(file.path, { force: true })
  }

  /** Removes the folder, unless somebody has a file in it. */
  async tidy(): Promise<void> {
    await rmdir(this.#directory).catch(() => {})
  }

  #path(digest: Digest, owner: number): string {
    return path.join(this.#directory, `${prefixOf(digest)}${owner}-${randomBytes(6).toString('hex')}`)
  }
}

function prefixOf(digest: Digest): string {
  return `${digestAlgorithm(digest)}-${digestEncoded(digest)}.`
}

function ownerOf(name: string): number {
  return Number(/\.(\d{1,9})-[0-9a-f]+$/.exec(name)?.[1] ?? process.pid)
}

/** A process of another user is alive as well. */
function isAlive(pid: number): boolean {
  if (pid === free) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
