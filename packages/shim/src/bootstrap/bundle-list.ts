// SPDX-License-Identifier: Apache-2.0
import { mkdir, readdir, readlink, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { isErrno } from '@teu/linux'
import { checkIdentifier } from '../task/identifier.ts'

/**
 * Which bundles a shim has, as one link a container in a folder beside its socket: how the shim that follows a killed one
 * finds them. Each change is one system call.
 *
 * @internal
 */
export class BundleList {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async add(id: string, bundle: string): Promise<void> {
    const link = this.#link(id)
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await rm(link, { force: true })
    await symlink(bundle, link)
  }

  async remove(id: string): Promise<void> {
    await rm(this.#link(id), { force: true })
  }

  async list(): Promise<{ id: string; bundle: string }[]> {
    try {
      const ids = await readdir(this.#folder)
      return await Promise.all(ids.map(async (id) => ({ id, bundle: await readlink(join(this.#folder, id)) })))
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return []
      throw error
    }
  }

  /** Throws `invalid-argument` for what is no container's id: as a path it could lead anywhere. */
  #link(id: string): string {
    checkIdentifier(id, 'container id')
    return join(this.#folder, id)
  }
}
