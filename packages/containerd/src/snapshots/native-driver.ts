// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import type { TreeWorkers } from '../diff/tree-workers.ts'
import { type SnapshotDriver, snapshotKinds } from './snapshot-driver.ts'
import { SnapshotFolders } from './snapshot-folders.ts'

/** What the native driver is made of. */
export interface NativeDriverInit {
  root: string
  workers: TreeWorkers
}

/** Snapshots as whole copies: works on every file system, and takes the space. */
export async function nativeDriver({ root, workers }: NativeDriverInit): Promise<SnapshotDriver> {
  const folders = new SnapshotFolders(root, workers)
  await folders.prepare()
  await folders.finishRemovals()
  const tree = (id: number) => join(folders.path(id), 'fs')
  return {
    name: 'native',
    root,
    contents: tree,
    async prepare({ id, kind, parents }) {
      const [parent] = parents
      // A view of a parent is the parent itself, bound read-only.
      if (kind === snapshotKinds.view && parent !== undefined) return folders.make(id, {})
      folders.make(id, { fs: 0o755 })
      if (parent === undefined) return
      try {
        await workers.run('copy', { from: tree(parent), to: tree(id) })
      } catch (error) {
        await folders.remove([id])
        throw error
      }
    },
    mounts({ id, kind, parents }) {
      const viewed = kind === snapshotKinds.view ? parents[0] : undefined
      const options = [kind === snapshotKinds.view ? 'ro' : 'rw', 'rbind']
      return [{ type: 'bind', source: tree(viewed ?? id), target: '', options }]
    },
    remove: (ids) => folders.remove(ids),
    setAside: (ids) => folders.setAside(ids),
    onDisk: () => folders.ids(),
  }
}
