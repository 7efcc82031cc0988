// SPDX-License-Identifier: Apache-2.0
import { isErrno, RootDirectory } from '@teu/linux'
import { inFolder } from './tree-change.ts'

/** Which tree to measure. */
export interface TreeUsageInput {
  root: string
}

/** What a tree takes on the disk. */
export interface TreeUsageResult {
  /** In bytes, as blocks on the disk; a file with several names counts once. */
  size: number
  inodes: number
}

/** Measures a tree. It may change meanwhile: what vanishes is not counted. */
export async function treeUsage({ root: path }: TreeUsageInput, signal: AbortSignal): Promise<TreeUsageResult> {
  using root = RootDirectory.open(path)
  const seen = new Set<bigint>()
  let blocks = 0n
  const folders = ['']
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    signal.throwIfAborted()
    await new Promise(setImmediate)
    for (const at of ['', ...namesOf(root, folder)]) {
      if (at === '' && folder !== '') continue
      const name = at === '' ? folder : inFolder(folder, at)
      const stat = root.lstat(name)
      if (stat === undefined || seen.has(stat.ino)) continue
      seen.add(stat.ino)
      blocks += stat.blocks
      if (at !== '' && (stat.mode & 0o170000) === 0o040000) folders.push(name)
    }
  }
  return { size: Number(blocks * 512n), inodes: seen.size }
}

function namesOf(root: RootDirectory, folder: string): string[] {
  try {
    return root.readdir(folder).map(({ name }) => name)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  }
}
