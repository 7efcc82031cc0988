// SPDX-License-Identifier: Apache-2.0
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { messageOf, StackError } from '@teu/errors'
import { isErrno, lockFile } from '@teu/linux'
import { ContentLayout } from '../content/content-layout.ts'
import { quarantined } from '../metadata/quarantine.ts'
import { pluginTypes } from '../plugin/plugin.ts'
import { checkContent } from './check-content.ts'
import { checkDatabase } from './check-database.ts'
import { checkLeases } from './check-leases.ts'
import { checkSnapshots, checkSnapshotters, type SnapshotterFolder } from './check-snapshots.ts'
import { damage, type Finding, note } from './finding.ts'

/** Which store to check. */
export interface StoreInit {
  /** The root of the daemon. */
  root: string
  /** Where snapshotters keep their trees that keep them elsewhere, by their names. */
  snapshotterRoots: Readonly<Record<string, string>>
}

/**
 * Compares the records of a stopped daemon with what is on the disk, and reads every blob. Changes nothing.
 *
 * @throws `not-found` when the root is none of a daemon, `failed-precondition` while one has it or when its records are
 * of another version
 */
export async function* checkStore({ root, snapshotterRoots }: StoreInit, signal: AbortSignal): AsyncGenerator<Finding> {
  using _lock = await lockRoot(root)
  const layout = new ContentLayout(join(root, `${pluginTypes.content}.content`))
  const snapshotters = await snapshottersIn(root, snapshotterRoots)
  for (const folder of [layout, ...snapshotters].flatMap((part) => quarantined(part.root)))
    yield note(`quarantine ${folder}`, 'waits for somebody to look at it')
  const path = join(root, `${pluginTypes.metadata}.bolt`, 'meta.db')
  if ((await sizeOf(path)) === 0) {
    yield damage(`metadata ${path}`, 'is missing, the next start sets aside what there is')
    return
  }
  let sound = true
  try {
    using database = openDatabase(path)
    for (const finding of checkDatabase(database.file)) {
      sound = false
      yield finding
    }
    // Records that are damaged say nothing about the disk.
    if (!sound) return
    yield* checkContent(database.file, layout, signal)
    for (const snapshotter of snapshotters) yield* checkSnapshots(database.file, snapshotter)
    yield* checkSnapshotters(database.file, snapshotters)
    yield* checkLeases(database.file)
  } catch (error) {
    if (!isSqliteError(error)) throw error
    yield damage(`metadata ${path}`, messageOf(error))
  }
}

function openDatabase(path: string): { file: DatabaseSync } & Disposable {
  const file = new DatabaseSync(path, { readOnly: true })
  return { file, [Symbol.dispose]: () => file.close() }
}

async function snapshottersIn(root: string, elsewhere: StoreInit['snapshotterRoots']): Promise<SnapshotterFolder[]> {
  const prefix = `${pluginTypes.snapshotter}.`
  const names = (await readdir(root)).filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length))
  return [...new Set([...names, ...Object.keys(elsewhere)])]
    .sort()
    .map((name) => ({ name, root: elsewhere[name] ?? join(root, prefix + name) }))
}

async function lockRoot(root: string): Promise<Disposable> {
  if (!(await stat(join(root, 'lock')).catch(() => undefined))?.isFile())
    throw new StackError('not-found', `${root} is no root of a daemon`)
  try {
    return await lockFile(join(root, 'lock'), { timeoutMs: 0 })
  } catch (error) {
    if (!isErrno(error, 'ETIMEDOUT')) throw error
    throw new StackError('failed-precondition', `a daemon has ${root}: stop it first`, { cause: error })
  }
}

function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}

function isSqliteError(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ERR_SQLITE_ERROR'
}
