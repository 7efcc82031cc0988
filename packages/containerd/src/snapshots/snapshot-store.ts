// SPDX-License-Identifier: Apache-2.0
import { type Mount, type SnapshotInfo, validateLabels } from '@teu/containerd-api'
import { messageOf, StackError } from '@teu/errors'
import type { TreeWorkers } from '../diff/tree-workers.ts'
import type { Logger } from '../log/logger.ts'
import type { MetadataDatabase } from '../metadata/database.ts'
import { mergeLabels, onlyLabels } from '../metadata/field-mask.ts'
import type { LeaseStore } from '../metadata/leases.ts'
import type { NamespaceStore } from '../metadata/namespaces.ts'
import type { Labels } from '../metadata/values.ts'
import { type SnapshotDriver, type SnapshotKind, type SnapshotUsage, snapshotKinds } from './snapshot-driver.ts'
import { SnapshotRecords } from './snapshot-records.ts'
import { SnapshotSync } from './snapshot-sync.ts'

/** What a snapshot store stands on. */
export interface SnapshotStoreComponents {
  database: MetadataDatabase
  namespaces: NamespaceStore
  leases: LeaseStore
  driver: SnapshotDriver
  workers: TreeWorkers
  log: Logger
}

/** What a new snapshot is called and stands on. */
export interface NewSnapshot {
  namespace: string
  key: string
  parent: string
  labels: Labels
  lease: string | undefined
}

/**
 * The snapshots of one snapshotter. Rows decide what exists: a directory without a row is removed at the start, and
 * an active snapshot without a directory is forgotten. What a committed one holds is on the disk a few seconds after
 * its commit; one that a power cut was faster than is removed at the start, so that it is unpacked again.
 */
export class SnapshotStore implements AsyncDisposable {
  readonly driver: SnapshotDriver
  readonly records: SnapshotRecords
  readonly #c: SnapshotStoreComponents
  readonly #sync: SnapshotSync

  constructor(components: SnapshotStoreComponents) {
    this.#c = components
    this.driver = components.driver
    this.records = new SnapshotRecords(components.database, components.driver.name)
    const { database, driver, log } = components
    this.#sync = new SnapshotSync({ database, snapshotter: driver.name, root: driver.root, log })
  }

  /** Brings rows and directories together. Only at the start: nothing may be under way. */
  async reconcile(): Promise<void> {
    await this.#dropLost()
    await this.removeOrphans()
    const onDisk = new Set(await this.driver.onDisk())
    const lost = [...this.records.ids()].filter((id) => !onDisk.has(id) && !this.records.hasChildren(id))
    if (lost.length === 0) return
    this.#c.log.warn({ snapshotter: this.driver.name, ids: lost }, 'snapshots without a directory are forgotten')
    await this.#c.database.write(() => {
      for (const id of lost) this.records.delete(id)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sync[Symbol.asyncDispose]()
  }

  /** Takes away what the end of the last boot left in doubt. What a container wrote is kept where it does no harm. */
  async #dropLost(): Promise<void> {
    this.#sync.schedule()
    const lost = this.records.withDescendants(this.#sync.lost())
    if (lost.length === 0) return
    const { database, driver, log } = this.#c
    const ids = (committed: boolean) =>
      lost.filter(({ kind }) => (kind === snapshotKinds.committed) === committed).map(({ id }) => id)
    const folder = await driver.setAside(ids(false))
    await database.write(() => {
      for (const { id } of lost) this.records.delete(id)
    })
    await driver.remove(ids(true))
    const names = lost.map(({ name }) => name)
    log.warn(
      { snapshotter: driver.name, names, quarantine: folder },
      'snapshots that were not on the disk when the machine stopped are removed, to be unpacked again',
    )
  }

  /** Removes directories without a row. A row is older than its directory, so this may happen at any time. */
  async removeOrphans(): Promise<void> {
    const onDisk = await this.driver.onDisk()
    const known = this.records.ids()
    await this.driver.remove(onDisk.filter((id) => !known.has(id)))
  }

  /**
   * Makes a view or an active snapshot. Not waited for on the disk: neither is what is written into it.
   *
   * @throws `already-exists` for a key in use, `not-found` for a missing parent, `invalid-argument` for a parent that
   * is not committed
   */
  async create(kind: SnapshotKind, { namespace, key, parent, labels, lease }: NewSnapshot): Promise<Mount[]> {
    if (key === '') throw new StackError('invalid-argument', 'snapshot key must not be empty: invalid argument')
    validateLabels(labels)
    const { database, namespaces, leases } = this.#c
    const location = database.writeNow(() => {
      if (this.records.find(namespace, key) !== undefined)
        throw new StackError('already-exists', `snapshot ${JSON.stringify(key)}: already exists`)
      const above = parent === '' ? undefined : this.#committed(namespace, parent)
      namespaces.ensure(namespace)
      const id = this.records.insert(namespace, key, kind, above, labels)
      leases.hold(namespace, lease, this.#resourceType, key)
      return { id, kind, parents: this.records.chain(above) }
    })
    try {
      await this.driver.prepare(location)
    } catch (error) {
      database.writeNow(() => {
        this.records.delete(location.id)
        leases.release(namespace, lease, this.#resourceType, key)
      })
      throw error
    }
    return this.driver.mounts(location)
  }

  mounts(namespace: string, key: string): Mount[] {
    const record = this.records.get(namespace, key)
    if (record.kind === snapshotKinds.committed)
      throw new StackError('failed-precondition', `snapshot ${key} is committed: failed precondition`)
    return this.driver.mounts(this.records.location(record))
  }

  /** @throws `already-exists` for a name in use, `failed-precondition` for a snapshot that is not active */
  async commit(
    namespace: string,
    key: string,
    name: string,
    labels: Labels,
    parent: string,
    lease?: string,
  ): Promise<void> {
    if (name === '') throw new StackError('invalid-argument', 'snapshot name must not be empty: invalid argument')
    validateLabels(labels)
    await this.#c.database.write(() => {
      const record = this.records.get(namespace, key)
      if (record.kind !== snapshotKinds.active)
        throw new StackError('failed-precondition', `snapshot ${key} is not active: failed precondition`)
      if (name !== key && this.records.find(namespace, name) !== undefined)
        throw new StackError('already-exists', `snapshot ${JSON.stringify(name)}: already exists`)
      const above = parent === '' ? record.parent : this.#rebased(namespace, record, parent)
      this.records.commit(record.id, name, above, labels)
      this.#sync.mark(record.id)
      this.#c.leases.release(namespace, lease, this.#resourceType, key)
      this.#c.leases.hold(namespace, lease, this.#resourceType, name)
    })
    this.#sync.schedule()
  }

  /** @throws `failed-precondition` while another snapshot stands on it */
  async remove(namespace: string, key: string): Promise<void> {
    const { id } = this.records.get(namespace, key)
    if (this.records.hasChildren(id))
      throw new StackError('failed-precondition', 'cannot remove snapshot with child: failed precondition')
    this.#c.database.writeNow(() => {
      this.records.delete(id)
      this.#c.database.run(
        'DELETE FROM lease_resources WHERE namespace = ? AND type = ? AND id = ?',
        namespace,
        this.#resourceType,
        key,
      )
    })
    void this.removeDirectories([id])
  }

  /** Removes directories of rows that are gone, once that is on the disk. Failures are for the next start. */
  async removeDirectories(ids: readonly number[]): Promise<void> {
    try {
      await this.#c.database.sync()
      await this.driver.remove(ids)
    } catch (error) {
      this.#c.log.warn({ snapshotter: this.driver.name, ids, error: messageOf(error) }, 'snapshot not removed yet')
    }
  }

  info(namespace: string, key: string): SnapshotInfo {
    return this.records.infoOf(this.records.get(namespace, key))
  }

  updateLabels(namespace: string, key: string, next: Labels, paths: readonly string[]): Promise<SnapshotInfo> {
    onlyLabels(paths, `snapshot ${JSON.stringify(key)}`)
    return this.#c.database.write(() => {
      const record = this.records.get(namespace, key)
      const labels = mergeLabels(record.labels, next, paths)
      validateLabels(labels)
      this.records.setLabels(record.id, labels)
      return this.info(namespace, key)
    })
  }

  /** What it takes on the disk; of a committed snapshot it is counted once. */
  async usage(namespace: string, key: string): Promise<SnapshotUsage> {
    const { id, kind, size, inodes } = this.records.get(namespace, key)
    if (size !== undefined && inodes !== undefined) return { size, inodes }
    const usage = await this.#c.workers.run('usage', { root: this.driver.contents(id) })
    if (kind === snapshotKinds.committed)
      this.#c.database.writeNow(() => this.records.setUsage(id, usage.size, usage.inodes))
    return usage
  }

  get #resourceType(): string {
    return `snapshots/${this.driver.name}`
  }

  #committed(namespace: string, name: string): number {
    const record = this.records.find(namespace, name)
    if (record === undefined) throw new StackError('not-found', `parent snapshot ${name} does not exist: not found`)
    if (record.kind !== snapshotKinds.committed)
      throw new StackError(
        'invalid-argument',
        `parent ${JSON.stringify(name)} is not committed snapshot: invalid argument`,
      )
    return record.id
  }

  #rebased(namespace: string, record: { parent: number | undefined }, parent: string): number {
    const above = this.#committed(namespace, parent)
    if (record.parent !== undefined && record.parent !== above)
      throw new StackError(
        'failed-precondition',
        `snapshot stands on another parent than ${parent}: failed precondition`,
      )
    return above
  }
}
