// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import {
  booleanFilter,
  checkFilters,
  type Filters,
  matchesLabelFilters,
  matchesLabels,
  type Volume,
  type VolumeCreateBody,
} from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { isErrno, RootDirectory, removeInSlices, sizeInSlices } from '@teu/linux'
import { formatTime, nowNanoseconds } from '../clock.ts'
import type { EventBus } from '../events/event-bus.ts'
import { KeyedLock } from '../images/keyed-lock.ts'
import { checkVolumeName } from '../spec/bind-syntax.ts'
import type { VolumeService } from './volume-service.ts'

/** What local volumes are made of. */
export interface LocalVolumesInit {
  /** Each volume is a directory here, with its files in `_data` and its description in `volume.json`. */
  root: string
  events: EventBus
  /** For each container, the names of the volumes that it refers to. */
  users(): readonly (readonly string[])[]
}

/** The description of a volume on disk. */
interface VolumeRecord {
  name: string
  createdAt: string
  labels: Record<string, string>
  options: Record<string, string>
  anonymous: boolean
}

const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/
const anonymousLabel = 'com.docker.volume.anonymous'
/** The beginning of a volume's name while its files are removed; no volume's own name begins like that. */
const removedPrefix = '.removed-'
const pruneFilters = ['all', 'label', 'label!']

/** Volumes of the driver `local`: plain directories. Their files are containers', so no path leads through them. */
export function localVolumes(init: LocalVolumesInit): VolumeService {
  return new LocalVolumes(init)
}

class LocalVolumes implements VolumeService {
  readonly #init: LocalVolumesInit
  /** Volumes of containers that are not in the engine's list yet, by container. */
  readonly #claims = new Map<string, string[]>()
  readonly #names = new KeyedLock()

  constructor(init: LocalVolumesInit) {
    this.#init = init
  }

  async create(body: VolumeCreateBody): Promise<Volume> {
    checkCreate(body)
    return this.#ensure(body.Name || newName(), !body.Name, body.Labels)
  }

  async acquire(name: string, containerId: string): Promise<Volume> {
    checkCreate({ Name: name })
    const chosen = name || newName()
    this.#claims.set(containerId, [...(this.#claims.get(containerId) ?? []), chosen])
    return this.#ensure(chosen, name === '')
  }

  settle(containerId: string): void {
    this.#claims.delete(containerId)
  }

  async list(filters: Filters): Promise<Volume[]> {
    const test = volumeFilter(filters, this.#references())
    return (await this.#all()).filter(test).map((record) => this.#volumeOf(record))
  }

  async inspect(name: string): Promise<Volume> {
    const record = await this.#load(name)
    if (!record) throw new StackError('not-found', `get ${name}: no such volume`)
    return this.#volumeOf(record)
  }

  async remove(name: string, force: boolean): Promise<void> {
    const record = await this.#load(name)
    if (!record && force) return
    if (!record) throw new StackError('not-found', `get ${name}: no such volume`)
    if (!(await this.#discardUnused(name))) throw new StackError('conflict', `remove ${name}: volume is in use`)
  }

  async release(containerId: string, names: readonly string[]): Promise<void> {
    this.#claims.delete(containerId)
    for (const name of names) if (await this.#load(name)) await this.#discardUnused(name)
  }

  async prune(filters: Filters): Promise<{ deleted: string[]; reclaimed: number }> {
    checkFilters(filters, pruneFilters)
    const named = booleanFilter(filters, 'all') ?? false
    const chosen = (await this.#all()).filter(
      (record) => (named || record.anonymous) && matchesLabelFilters(filters, record.labels),
    )
    const deleted: string[] = []
    let reclaimed = 0
    for (const { name } of chosen) {
      if (this.#references().has(name)) continue
      const size = await this.#sizeOf(name)
      // A container may have taken it while it was measured.
      if (!(await this.#discardUnused(name))) continue
      deleted.push(name)
      reclaimed += size
    }
    this.#init.events.publish('volume', 'prune', '', { reclaimed: String(reclaimed) })
    return { deleted, reclaimed }
  }

  async usage(signal?: AbortSignal): Promise<Volume[]> {
    const volumes: Volume[] = []
    for (const record of await this.#all()) {
      const Size = await this.#sizeOf(record.name, signal)
      if (!(await this.#load(record.name))) continue
      const RefCount = this.#references().get(record.name) ?? 0
      volumes.push({ ...this.#volumeOf(record), UsageData: { RefCount, Size } })
    }
    return volumes
  }

  async sweep(signal: AbortSignal): Promise<void> {
    const names = await readdir(this.#init.root)
    using root = RootDirectory.open(this.#init.root)
    for (const name of names) if (name.startsWith(removedPrefix)) await removeInSlices(root, name, signal)
  }

  /** How many containers refer to each volume. */
  #references(): Map<string, number> {
    const counts = new Map<string, number>()
    for (const names of [...this.#init.users(), ...this.#claims.values()]) {
      for (const name of new Set(names)) counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    return counts
  }

  async #ensure(name: string, anonymous: boolean, labels: Record<string, string> = {}): Promise<Volume> {
    return this.#names.run(name, async () => {
      const found = await this.#load(name)
      if (found) return this.#volumeOf(found)
      const own = { ...labels, ...(anonymous ? { [anonymousLabel]: '' } : {}) }
      return this.#make({ name, createdAt: formatTime(nowNanoseconds()), labels: own, options: {}, anonymous })
    })
  }

  async #make(record: VolumeRecord): Promise<Volume> {
    const directory = this.#directory(record.name)
    await mkdir(path.join(directory, '_data'), { recursive: true, mode: 0o755 })
    // The description comes last and at once: a volume without one is not there.
    const file = path.join(directory, 'volume.json')
    await writeFile(`${file}.new`, JSON.stringify(record), { mode: 0o600, flush: true })
    await rename(`${file}.new`, file)
    this.#init.events.publish('volume', 'create', record.name, { driver: 'local' })
    return this.#volumeOf(record)
  }

  async #load(name: string): Promise<VolumeRecord | undefined> {
    if (!namePattern.test(name)) return undefined
    try {
      return JSON.parse(await readFile(path.join(this.#directory(name), 'volume.json'), 'utf8')) as VolumeRecord
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
      throw error
    }
  }

  async #all(): Promise<VolumeRecord[]> {
    const names = await readdir(this.#init.root).catch(() => [])
    return (await Promise.all(names.map((name) => this.#load(name)))).filter((record) => record !== undefined)
  }

  #sizeOf(name: string, signal?: AbortSignal): Promise<number> {
    if (!existsSync(this.#directory(name))) return Promise.resolve(0)
    const root = RootDirectory.open(this.#directory(name))
    return sizeInSlices(root, '_data', signal).finally(() => root.close())
  }

  /**
   * Removes a volume, unless something uses it: then it returns false. Nothing can take it between the look and the
   * new name, under which nobody finds it.
   */
  async #discardUnused(name: string): Promise<boolean> {
    if (this.#references().has(name)) return false
    using root = RootDirectory.open(this.#init.root)
    const hidden = `${removedPrefix}${randomBytes(16).toString('hex')}`
    try {
      root.rename(name, hidden, { noReplace: true })
    } catch (error) {
      // Another removal was faster.
      if (isErrno(error, 'ENOENT')) return true
      throw error
    }
    this.#init.events.publish('volume', 'destroy', name, { driver: 'local' })
    await removeInSlices(root, hidden)
    return true
  }

  #volumeOf({ name, createdAt, labels, options }: VolumeRecord): Volume {
    return {
      CreatedAt: createdAt,
      Driver: 'local',
      Labels: Object.keys(labels).length > 0 ? labels : null,
      Mountpoint: path.join(this.#directory(name), '_data'),
      Name: name,
      Options: Object.keys(options).length > 0 ? options : null,
      Scope: 'local',
    }
  }

  #directory(name: string): string {
    return path.join(this.#init.root, name)
  }
}

const newName = () => randomBytes(32).toString('hex')

function checkCreate({ Name = '', Driver = '', DriverOpts = {} }: VolumeCreateBody): void {
  if (Driver !== '' && Driver !== 'local') {
    const message = `create ${Name}: error looking up volume plugin ${Driver}: plugin "${Driver}" not found`
    throw new StackError('not-found', message)
  }
  checkVolumeName(Name)
  const [option] = Object.keys(DriverOpts)
  if (option !== undefined) {
    throw new StackError('invalid-argument', `create ${Name}: option ${option} of driver local is not supported here`)
  }
}

function volumeFilter(filters: Filters, used: ReadonlyMap<string, number>): (record: VolumeRecord) => boolean {
  checkFilters(filters, ['dangling', 'driver', 'label', 'name'])
  const { driver, label, name } = filters
  const dangling = booleanFilter(filters, 'dangling')
  return (record) =>
    (dangling === undefined || dangling === !used.has(record.name)) &&
    (!driver?.length || driver.includes('local')) &&
    (!name?.length || name.some((value) => record.name.includes(value))) &&
    matchesLabels(label, record.labels)
}
