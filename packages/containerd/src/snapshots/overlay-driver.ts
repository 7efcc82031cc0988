// SPDX-License-Identifier: Apache-2.0
import { chownSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Mount } from '@teu/containerd-api'
import { StackError } from '@teu/errors'
import { mountAt, unmountAll } from '@teu/linux'
import type { TreeWorkers } from '../diff/tree-workers.ts'
import { type SnapshotDriver, type SnapshotLocation, snapshotKinds } from './snapshot-driver.ts'
import { SnapshotFolders } from './snapshot-folders.ts'

/** What the overlay driver is made of. */
export interface OverlayDriverInit {
  root: string
  workers: TreeWorkers
}

/**
 * Snapshots as layers of overlayfs: `fs` holds what a snapshot adds to its parents, `work` is the kernel's. A layer
 * that has no parent is a plain directory and is bound.
 *
 * @throws `not-implemented` when the file system of the root cannot hold upper layers
 */
export async function overlayDriver({ root, workers }: OverlayDriverInit): Promise<SnapshotDriver> {
  const folders = new SnapshotFolders(root, workers)
  await folders.prepare()
  await probe(root)
  await folders.finishRemovals()
  // Without an index a layer may be used by several mounts, as containers of one image do.
  const fixed = existsSync('/sys/module/overlay/parameters/index') ? ['index=off'] : []
  const fs = (id: number) => join(folders.path(id), 'fs')
  return {
    name: 'overlayfs',
    root,
    contents: fs,
    async prepare({ id, kind, parents }) {
      try {
        folders.make(id, kind === snapshotKinds.active ? { fs: 0o755, work: 0o711 } : { fs: 0o755 })
        const [parent] = parents
        if (parent === undefined) return
        const { uid, gid } = statSync(fs(parent))
        chownSync(fs(id), uid, gid)
      } catch (error) {
        rmSync(folders.path(id), { recursive: true, force: true })
        throw error
      }
    },
    mounts: (snapshot) => overlayMounts(snapshot, fs, (id) => join(folders.path(id), 'work'), fixed),
    remove: (ids) => folders.remove(ids),
    setAside: (ids) => folders.setAside(ids),
    onDisk: () => folders.ids(),
  }
}

/** The mounts of a snapshot, in containerd's spelling. */
export function overlayMounts(
  { id, kind, parents }: SnapshotLocation,
  fs: (id: number) => string,
  work: (id: number) => string,
  fixed: readonly string[] = [],
): Mount[] {
  const writable = kind === snapshotKinds.active
  const bind = (source: string, mode: string) => [{ type: 'bind', source, target: '', options: [mode, 'rbind'] }]
  if (parents.length === 0) return bind(fs(id), writable ? 'rw' : 'ro')
  if (!writable && parents.length === 1) return bind(fs(parents[0]!), 'ro')
  const options = [
    ...fixed,
    ...(writable ? [`workdir=${work(id)}`, `upperdir=${fs(id)}`] : []),
    `lowerdir=${parents.map(fs).join(':')}`,
  ]
  return [{ type: 'overlay', source: 'overlay', target: '', options }]
}

/** Tries it: the kernel knows best whether it can. */
async function probe(root: string): Promise<void> {
  const folder = await mkdtemp(join(root, 'probe-'))
  try {
    const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map((name) => {
      mkdirSync(join(folder, name))
      return join(folder, name)
    })
    const options = [`lowerdir=${lower}`, `upperdir=${upper}`, `workdir=${work}`]
    mountAt({ type: 'overlay', source: 'overlay', options }, merged!)
    unmountAll(merged!)
  } catch (error) {
    throw new StackError(
      'not-implemented',
      `overlayfs does not work on ${root}: ${(error as Error).message}: skip plugin`,
      {
        cause: error,
      },
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
