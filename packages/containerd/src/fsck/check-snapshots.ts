// SPDX-License-Identifier: Apache-2.0
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { bootId } from '../snapshots/boot-id.ts'
import { type SnapshotKind, snapshotKinds } from '../snapshots/snapshot-driver.ts'
import { damage, type Finding, note } from './finding.ts'

/** A snapshotter, and the folder of its plugin. */
export interface SnapshotterFolder {
  name: string
  root: string
}

/** Checks that every snapshot with a record has its folder, stands on a committed one, and is on the disk. */
export async function* checkSnapshots(
  database: DatabaseSync,
  { name: snapshotter, root }: SnapshotterFolder,
): AsyncGenerator<Finding> {
  const folders = new Set(await readdir(join(root, 'snapshots')).catch(() => []))
  const boot = bootId()
  const sql = `SELECT s.id, s.namespace, s.name, s.kind, s.parent, p.kind AS parent_kind, p.snapshotter AS parent_of, u.boot
    FROM snapshots s LEFT JOIN snapshots p ON p.id = s.parent LEFT JOIN unsynced_snapshots u ON u.id = s.id
    WHERE s.snapshotter = ? ORDER BY s.id`
  for (const row of database.prepare(sql).all(snapshotter)) {
    const object = `snapshot ${snapshotter}/${row.namespace}/${row.name}`
    const kind = Number(row.kind) as SnapshotKind
    const hasFolder = folders.delete(String(row.id))
    if (!hasFolder) yield damage(object, `has a record, and no folder ${row.id}`)
    else if (kind === snapshotKinds.committed && !(await isFolder(join(root, 'snapshots', String(row.id), 'fs'))))
      yield damage(object, `has no files in its folder ${row.id}`)
    if (row.parent !== null && (row.parent_kind !== snapshotKinds.committed || row.parent_of !== snapshotter))
      yield damage(object, 'stands on what is no committed snapshot of its snapshotter')
    if (row.boot !== null && row.boot !== boot)
      yield damage(object, 'was not on the disk when the machine stopped, the next start removes it')
    else if (row.boot !== null) yield note(object, 'is not known to be on the disk yet, the next start syncs it')
  }
  for (const folder of folders)
    yield note(`snapshot folder ${snapshotter}/${folder}`, 'has no record, the next start removes it')
}

/** Snapshots of a snapshotter that has no folder at all. */
export function* checkSnapshotters(database: DatabaseSync, known: readonly SnapshotterFolder[]): Generator<Finding> {
  for (const { snapshotter, count } of database
    .prepare('SELECT snapshotter, COUNT(*) AS count FROM snapshots GROUP BY snapshotter')
    .all())
    if (!known.some(({ name }) => name === snapshotter))
      yield damage(`snapshotter ${snapshotter}`, `has ${count} records, and no folder`)
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}
