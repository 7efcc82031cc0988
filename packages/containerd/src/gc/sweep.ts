// SPDX-License-Identifier: Apache-2.0
import { setImmediate as turn } from 'node:timers/promises'
import type { MetadataDatabase } from '../metadata/database.ts'
import { type GarbageItem, resourceOf } from './garbage.ts'
import type { Resource } from './resources.ts'
import type { WriteBarrier } from './write-barrier.ts'

/** How many rows go in one transaction: a few milliseconds' work, after which other calls get their turn. */
const sliceSize = 64

/** The inputs of a sweep, and the listener that it tells of each removed row. */
export interface SweepInit {
  database: MetadataDatabase
  barrier: WriteBarrier
  items: readonly GarbageItem[]
  signal: AbortSignal
  /** Hears of each row that is gone, after its transaction. */
  onRemoved(item: GarbageItem): void
}

/**
 * Removes the rows of garbage, a slice at a time. What has been referred to since it was found stays, and is judged
 * anew by the next collection. Ingests have more than a row, so they are left to the caller: `onRemoved` hears of those
 * that may go.
 */
export async function sweep(init: SweepInit): Promise<void> {
  const references = new Map<Resource, readonly Resource[]>()
  for (const item of init.items)
    if ('refersTo' in item && item.refersTo.length > 0) references.set(resourceOf(item)!, item.refersTo)
  // A rebase may have put a snapshot on a younger parent, so what is blocked is tried again when others are gone.
  let left = init.items
  while (left.length > 0) {
    const blocked = await sweepOnce(init, left, references)
    if (blocked.length === left.length) return
    left = blocked
  }
}

/** Returns the snapshots that others still stand on. */
async function sweepOnce(
  { database, barrier, signal, onRemoved }: SweepInit,
  items: readonly GarbageItem[],
  references: ReadonlyMap<Resource, readonly Resource[]>,
): Promise<GarbageItem[]> {
  const blocked: GarbageItem[] = []
  for (let at = 0; at < items.length; at += sliceSize) {
    if (at > 0) await turn()
    signal.throwIfAborted()
    const removed: GarbageItem[] = []
    database.writeNow(() => {
      barrier.settle(references)
      for (const item of items.slice(at, at + sliceSize)) {
        if (barrier.spares(item)) continue
        if (removeRow(database, item)) removed.push(item)
        else blocked.push(item)
      }
    })
    for (const item of removed) onRemoved(item)
  }
  return blocked
}

/** Says whether nothing stands in the way. */
function removeRow(database: MetadataDatabase, item: GarbageItem): boolean {
  const { namespace } = item
  if (item.kind === 'blob') {
    database.run('DELETE FROM content WHERE namespace = ? AND digest = ?', namespace, item.digest)
  } else if (item.kind === 'lease') {
    database.run('DELETE FROM leases WHERE namespace = ? AND id = ?', namespace, item.id)
    database.run('DELETE FROM lease_resources WHERE namespace = ? AND lease = ?', namespace, item.id)
  } else if (item.kind === 'snapshot') {
    if (database.get('SELECT 1 FROM snapshots WHERE parent = ? LIMIT 1', item.id) !== undefined) return false
    database.run('DELETE FROM snapshots WHERE id = ?', item.id)
  }
  return true
}
