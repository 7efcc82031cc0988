// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { checkFilters, type Filters, matchesLabels, type Volume, type VolumeCreateBody } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { formatTime, nowNanoseconds } from '../clock.ts'
import type { EventBus } from '../events/event-bus.ts'
import { directorySize } from './directory-size.ts'
import type { VolumeService } from './volume-service.ts'

/** What local volumes are made of. */
export interface LocalVolumesInit {
  /** Each volume is a directory here, with its files in `_data` and its description in `volume.json`. */
  root: string
  events: EventBus
  /** Names of the volumes that containers refer to. */
  used(): ReadonlySet<string>
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

/** Volumes of the driver `local`: plain directories. */
export function localVolumes(init: LocalVolumesInit): VolumeService {
  const directory = (name: string) => path.join(init.root, name)
  const publish = (action: string, name: string) => init.events.publish('volume', action, name, { driver: 'local' })

  const load = async (name: string): Promise<VolumeRecord | undefined> => {
    if (!namePattern.test(name)) return undefined
    try {
      return JSON.parse(await readFile(path.join(directory(name), 'volume.json'), 'utf8')) as VolumeRecord
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  const make = async (record: VolumeRecord): Promise<Volume> => {
    await mkdir(path.join(directory(record.name), '_data'), { recursive: true, mode: 0o755 })
    // The description comes last and at once: a volume without one is not there.
    const file = path.join(directory(record.name), 'volume.json')
    await writeFile(`${file}.new`, JSON.stringify(record), { mode: 0o600, flush: true })
    await rename(`${file}.new`, file)
    publish('create', record.name)
    return volumeOf(record, directory(record.name))
  }

  const all = async (): Promise<VolumeRecord[]> => {
    const names = await readdir(init.root).catch(() => [])
    return (await Promise.all(names.map(load))).filter((record) => record !== undefined)
  }

  const discard = async (name: string): Promise<void> => {
    await rm(path.join(directory(name), 'volume.json'), { force: true })
    await rm(directory(name), { recursive: true, force: true })
    publish('destroy', name)
  }

  const create = async (body: VolumeCreateBody): Promise<Volume> => {
    checkCreate(body)
    const name = body.Name || randomBytes(32).toString('hex')
    const found = await load(name)
    if (found) return volumeOf(found, directory(name))
    const anonymous = !body.Name
    const labels = { ...body.Labels, ...(anonymous ? { [anonymousLabel]: '' } : {}) }
    return make({ name, createdAt: formatTime(nowNanoseconds()), labels, options: {}, anonymous })
  }

  return {
    create,
    acquire: (name) => create(name === '' ? {} : { Name: name }),
    list: async (filters) => {
      const test = volumeFilter(filters, init.used())
      return (await all()).filter(test).map((record) => volumeOf(record, directory(record.name)))
    },
    inspect: async (name) => {
      const record = await load(name)
      if (!record) throw new StackError('not-found', `get ${name}: no such volume`)
      return volumeOf(record, directory(name))
    },
    remove: async (name, force) => {
      const record = await load(name)
      if (!record && force) return
      if (!record) throw new StackError('not-found', `get ${name}: no such volume`)
      if (init.used().has(name)) throw new StackError('conflict', `remove ${name}: volume is in use`)
      await discard(name)
    },
    release: async (_, names) => {
      for (const name of names) if (!init.used().has(name) && (await load(name))) await discard(name)
    },
    prune: async (filters) => {
      checkFilters(filters, ['all', 'label', 'label!'])
      const named = filters['all']?.some((value) => value === 'true' || value === '1') ?? false
      const used = init.used()
      const unused = (await all()).filter((record) => {
        return !used.has(record.name) && (named || record.anonymous) && matchesLabels(filters['label'], record.labels)
      })
      let reclaimed = 0
      for (const { name } of unused) {
        reclaimed += await directorySize(directory(name))
        await discard(name)
      }
      return { deleted: unused.map(({ name }) => name), reclaimed }
    },
  }
}

function checkCreate({ Name = '', Driver = '', DriverOpts = {} }: VolumeCreateBody): void {
  if (Driver !== '' && Driver !== 'local') {
    throw new StackError('not-found', `error looking up volume plugin ${Driver}: plugin "${Driver}" not found`)
  }
  if (Name !== '' && !namePattern.test(Name)) {
    const message =
      `create ${Name}: "${Name}" includes invalid characters for a local volume name, only ` +
      '"[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path'
    throw new StackError('invalid-argument', message)
  }
  const [option] = Object.keys(DriverOpts)
  if (option !== undefined) {
    throw new StackError('invalid-argument', `create ${Name}: option ${option} of driver local is not supported here`)
  }
}

function volumeFilter(filters: Filters, used: ReadonlySet<string>): (record: VolumeRecord) => boolean {
  checkFilters(filters, ['dangling', 'driver', 'label', 'name'])
  const { dangling, driver, label, name } = filters
  return (record) =>
    (!dangling?.length || dangling.some((value) => (value === 'true' || value === '1') === !used.has(record.name))) &&
    (!driver?.length || driver.includes('local')) &&
    (!name?.length || name.some((value) => record.name.includes(value))) &&
    matchesLabels(label, record.labels)
}

function volumeOf(record: VolumeRecord, directory: string): Volume {
  return {
    CreatedAt: record.createdAt,
    Driver: 'local',
    Labels: Object.keys(record.labels).length > 0 ? record.labels : null,
    Mountpoint: path.join(directory, '_data'),
    Name: record.name,
    Options: Object.keys(record.options).length > 0 ? record.options : null,
    Scope: 'local',
  }
}
