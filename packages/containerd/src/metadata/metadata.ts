// SPDX-License-Identifier: Apache-2.0
import type { ContentStore } from '../content/content-store.ts'
import type { SnapshotStore } from '../snapshots/snapshot-store.ts'
import type { ContainerStore } from './containers.ts'
import type { MetadataDatabase } from './database.ts'
import type { ImageStore } from './images.ts'
import type { LeaseStore } from './leases.ts'
import type { NamespaceStore } from './namespaces.ts'

/** All that is stored, over one database. */
export interface Metadata extends AsyncDisposable {
  readonly database: MetadataDatabase
  readonly namespaces: NamespaceStore
  readonly leases: LeaseStore
  readonly images: ImageStore
  readonly containers: ContainerStore
  readonly content: ContentStore
  /** By the snapshotter's name. */
  readonly snapshots: ReadonlyMap<string, SnapshotStore>
}
