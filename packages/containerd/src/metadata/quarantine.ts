// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isErrno, makeDurableDirectory, syncDirectory } from '@teu/linux'

/** Where things lie that no record knows of and that are not the daemon's to remove: `<root>/quarantine/<time>`. */
const folderName = 'quarantine'

/**
 * Moves files or folders below `root` to its quarantine, where they stay until somebody removes or uses them.
 *
 * @param paths - relative to `root`; those that are not there are passed over
 * @returns the folder that has them now, or undefined when there was none
 */
export async function setAside(root: string, paths: readonly string[]): Promise<string | undefined> {
  const folder = join(root, folderName, new Date().toISOString().replaceAll(':', ''))
  let moved = 0
  for (const path of paths) {
    if (moved === 0) await makeDurableDirectory(folder, 0o700)
    const target = join(folder, path)
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    moved += await rename(join(root, path), target).then(
      () => 1,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return 0
        throw error
      },
    )
  }
  if (moved === 0) return undefined
  syncDirectory(folder)
  return folder
}

/** Lists the paths of the folders in the quarantine of a root, the oldest first. */
export function quarantined(root: string): string[] {
  const folder = join(root, folderName)
  return namesIn(folder)
    .sort()
    .map((name) => join(folder, name))
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  }
}
