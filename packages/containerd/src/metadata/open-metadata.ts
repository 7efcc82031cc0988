// SPDX-License-Identifier: Apache-2.0
import type { ContentLayout } from '../content/content-layout.ts'
import { ContentRecords } from '../content/content-records.ts'
import { ContentStore } from '../content/content-store.ts'
import { IngestRecords } from '../content/ingest-records.ts'
import type { TreeWorkers } from '../diff/tree-workers.ts'
import type { Logger } from '../log/logger.ts'
import type { SnapshotDriver } from '../snapshots/snapshot-driver.ts'
import { SnapshotStore } from '../snapshots/snapshot-store.ts'
import { ContainerStore } from './containers.ts'
import { MetadataDatabase } from './database.ts'
import { ImageStore } from './images.ts'
import { LeaseStore } from './leases.ts'
import type { Metadata } from './metadata.ts'
import { NamespaceStore } from './namespaces.ts'

/** What the stores stand on. */
export interface OpenMetadataInit {
  /** The database's file. */
  path: string
  layout: ContentLayout
  drivers: ReadonlyMap<string, SnapshotDriver>
  workers: TreeWorkers
  sharing: 'shared' | 'isolated'
  log: Logger
}

/** Opens the database, and brings what is on the disk in line with it. */
export async function openMetadata(init: OpenMetadataInit): Promise<Metadata> {
  const { layout, drivers, workers, sharing, log } = init
  const database = await MetadataDatabase.open(init.path)
  const namespaces = new NamespaceStore(database)
  const leases = new LeaseStore(database, namespaces)
  const base = { database, namespaces, leases }
  const records = new ContentRecords(base)
  const ingests = new IngestRecords(base)
  const content = new ContentStore({ ...base, layout, records, ingests }, sharing)
  if (database.unsettled) await quarantineUnknown(init, database)
  await content.reconcile()
  const snapshots = new Map<string, SnapshotStore>()
  for (const driver of drivers.values()) {
    const store = new SnapshotStore({ ...base, driver, workers, log })
    await store.reconcile()
    snapshots.set(driver.name, store)
  }
  const images = new ImageStore(database, namespaces)
  const containers = new ContainerStore(database, namespaces)
  return {
    ...base,
    images,
    containers,
    content,
    snapshots,
    async [Symbol.asyncDispose]() {
      for (const store of snapshots.values()) await store[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

/**
 * Sets aside, and does not remove, the content and the snapshots that lie on the disk when the database is new. Another
 * database knew them, which is missing, or which somebody moved away because it is damaged.
 */
async function quarantineUnknown(
  { layout, drivers, log }: OpenMetadataInit,
  database: MetadataDatabase,
): Promise<void> {
  const content = await layout.setAside()
  if (content !== undefined)
    log.warn({ ...content }, 'the metadata is new, but there is content: it is set aside and not removed')
  for (const driver of drivers.values()) {
    const ids = await driver.onDisk()
    const folder = await driver.setAside(ids)
    if (folder === undefined) continue
    const about = { snapshotter: driver.name, folder, snapshots: ids.length }
    log.warn(about, 'the metadata is new, but there are snapshots: they are set aside and not removed')
  }
  await database.settle()
}
