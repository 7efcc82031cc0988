// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import {
  type CgroupManager,
  type CgroupSetup,
  type CgroupStats,
  type CgroupWaitOptions,
  createCgroupManager,
  type FreezerState,
  parseCgroupFile,
} from '@teu/linux'
import type { LinuxResources } from '@teu/oci-spec/runtime'
import { property, type UnitProperty } from '../systemd/property.ts'
import { resourceProperties } from '../systemd/resource-properties.ts'
import { SystemdManager } from '../systemd/systemd-manager.ts'
import { type SystemdUnit, slicePath, unitOf } from '../systemd/unit.ts'

/** What is kept of a container's unit. @internal */
export interface SavedUnit {
  name: string
  /** Whether it is one of the user's systemd. */
  user: boolean
}

/**
 * The cgroup of a container that is a unit of systemd, which makes, owns and removes it, and puts the container's init
 * there; limits are told to systemd and written into the cgroup. Everything else is done in the cgroup itself.
 *
 * @internal
 */
export class SystemdCgroup implements CgroupManager {
  readonly unit: SavedUnit
  readonly #inner: CgroupManager
  readonly #start: readonly UnitProperty[]
  #pending: LinuxResources | undefined

  /** @param start Properties to make the unit with; none for a unit that is there. */
  constructor(unit: SavedUnit, inner: CgroupManager, start: readonly UnitProperty[] = []) {
    this.unit = unit
    this.#inner = inner
    this.#start = start
  }

  /** Finds out where the unit of a new container will be. Nothing is made before its first process joins. */
  static async plan(
    id: string,
    cgroupsPath: string | undefined,
    setup: CgroupSetup,
    user = process.geteuid?.() !== 0,
  ): Promise<SystemdCgroup> {
    const unit = unitOf(id, cgroupsPath, user)
    using manager = await SystemdManager.connect(user)
    const above = user ? await manager.controlGroup() : ''
    const inner = createCgroupManager({ paths: unitPaths(unit, above, setup), setup })
    return new SystemdCgroup({ name: unit.name, user }, inner, startProperties(id, unit, inner.version))
  }

  get version(): 1 | 2 {
    return this.#inner.version
  }

  get paths(): Readonly<Record<string, string>> {
    return this.#inner.paths
  }

  async create(): Promise<void> {}

  exists(): boolean {
    return this.#inner.exists()
  }

  expectJoin(): void {
    this.#inner.expectJoin()
  }

  /** The first process makes the unit: systemd takes no scope without one. */
  async join(pid: number): Promise<void> {
    const resources = this.#pending
    if (resources === undefined) return this.#inner.join(pid)
    this.#pending = undefined
    using manager = await SystemdManager.connect(this.unit.user)
    const processes = property('PIDs', 'au', [pid])
    await manager.startTransientUnit(this.unit.name, [...this.#start, processes])
    // Hierarchies that systemd does not manage, and on v2 controllers that it has not handed down.
    if (this.#ownsFolders) {
      await this.#inner.create()
      await this.#inner.join(pid)
    }
    await this.#applyTo(manager, resources)
  }

  async apply(resources: LinuxResources): Promise<void> {
    if (this.#start.length > 0 && !this.exists()) {
      this.#pending = resources
      return
    }
    using manager = await SystemdManager.connect(this.unit.user)
    await this.#applyTo(manager, resources)
  }

  freeze(options?: CgroupWaitOptions): Promise<void> {
    return this.#inner.freeze(options)
  }

  thaw(options?: CgroupWaitOptions): Promise<void> {
    return this.#inner.thaw(options)
  }

  freezerState(): FreezerState {
    return this.#inner.freezerState()
  }

  pids(): number[] {
    return this.#inner.pids()
  }

  stats(): CgroupStats {
    return this.#inner.stats()
  }

  killAll(signal?: number): Promise<void> {
    return this.#inner.killAll(signal)
  }

  oomKillCount(): bigint {
    return this.#inner.oomKillCount()
  }

  oomEvents(options?: { signal?: AbortSignal; keepAlive?: boolean }): AsyncIterable<void> {
    return this.#inner.oomEvents(options)
  }

  async delete(options?: CgroupWaitOptions): Promise<void> {
    if (this.exists()) {
      using manager = await SystemdManager.connect(this.unit.user)
      await manager.stopUnit(this.unit.name)
    }
    await this.#inner.delete(options)
  }

  async #applyTo(manager: SystemdManager, resources: LinuxResources): Promise<void> {
    const facts = { cgroup: this.version, version: await manager.version() }
    const properties = resourceProperties(resources, facts)
    if (properties.length > 0) await manager.setUnitProperties(this.unit.name, properties)
    if (this.#ownsFolders) await this.#inner.apply(resources)
  }

  /** A user's systemd hands over what is below its unit on v2 only. */
  get #ownsFolders(): boolean {
    return !this.unit.user || this.version === 2
  }
}

/** On v1 systemd's own place is that of its first process in each hierarchy. */
function unitPaths(unit: SystemdUnit, above: string, setup: CgroupSetup): Record<string, string> {
  const below = posix.join(slicePath(unit.slice), unit.name)
  const unified = setup.unified && posix.join(setup.unified.mountPoint, above, below)
  if (setup.mode === 'v2') return { '': unified as string }
  const first = parseCgroupFile(readFileSync('/proc/1/cgroup', 'utf8'))
  const paths: Record<string, string> = {}
  for (const { controllers, mountPoint } of setup.hierarchies) {
    for (const controller of controllers) {
      const own = (first.get(controller) ?? '/').replace(/init\.scope$/, '')
      paths[controller] = posix.join(mountPoint, posix.normalize(`/${own}`), below)
    }
  }
  return unified === undefined ? paths : { ...paths, '': unified }
}

/** Accounting is always on: a cgroup that joins a controller later has lost what was before. */
function startProperties(id: string, { name, slice }: SystemdUnit, cgroup: 1 | 2): UnitProperty[] {
  const isSlice = name.endsWith('.slice')
  const on = (key: string, value = true) => property(key, 'b', value)
  return [
    property('Description', 's', `teu container ${id}`),
    isSlice ? property('Wants', 'as', [slice]) : property('Slice', 's', slice),
    ...(isSlice ? [] : [on('Delegate')]),
    on('MemoryAccounting'),
    on('CPUAccounting'),
    on(cgroup === 2 ? 'IOAccounting' : 'BlockIOAccounting'),
    on('TasksAccounting'),
    on('DefaultDependencies', false),
  ]
}

/** What the state of a container with such a cgroup says of it. @internal */
export function savedUnit(cgroup: CgroupManager | undefined): { systemd_unit?: SavedUnit } {
  return cgroup instanceof SystemdCgroup ? { systemd_unit: cgroup.unit } : {}
}
