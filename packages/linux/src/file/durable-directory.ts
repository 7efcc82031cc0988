// SPDX-License-Identifier: Apache-2.0
import { mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { syncDirectory } from './descriptor.ts'

/**
 * Makes a folder, and those above it that are missing, so that their names outlast a power cut: what is synced in a
 * folder is of no use when the folder's own name is not on the disk. One that is there already has its name synced as
 * well, since a process that ended in between may have made it.
 *
 * `mode` is for every folder that is made, less the umask; one that is there keeps its own. Rejects with Node's error of
 * mkdir(2) or fsync(2).
 *
 * @public
 */
export async function makeDurableDirectory(path: string, mode = 0o777): Promise<void> {
  const target = resolve(path)
  const first = (await mkdir(target, { recursive: true, mode })) ?? target
  for (let parent = dirname(target); ; parent = dirname(parent)) {
    syncDirectory(parent)
    if (parent === dirname(first)) return
  }
}
