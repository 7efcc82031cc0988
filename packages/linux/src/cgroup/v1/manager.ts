// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs'
import { isErrno } from '../../errno.ts'
import { warmUpAttach } from '../attach-warm-up.ts'
import { readControl, readKeyed, writeControl, writeControlAsync } from '../files.ts'
import type { CgroupManager, CgroupWaitOptions, FreezerState } from '../manager.ts'
import type { LinuxResources } from '../resources.ts'
import type { CgroupStats } from '../stats.ts'
import { makeCgroup, pidsBelow, removeCgroups, signalAll, unlessGone, waitUntil } from '../tree.ts'
import { applyV1Resources } from './apply.ts'
import { inheritCpuset } from './cpuset.ts'
import { v1OomEvents } from './oom-events.ts'
import { readV1Stats } from './stats.ts'

const sigkill = 9

/** A cgroup spread over the v1 hierarchies, and the unified one of a hybrid host. @internal */
export class V1CgroupManager implements CgroupManager {
  readonly version = 1
  readonly paths: Readonly<Record<string, string>>
  /** Each directory once: `cpu` and `cpuacct` often share one. */
  readonly #folders: ReadonlySet<string>

  readonly #own: () => string | undefined
  #warmUp: Promise<void> | undefined

  /** @param own Finds a cgroup that this process is in. */
  constructor(paths: Readonly<Record<string, string>>, own: () => string | undefined) {
    this.paths = paths
    this.#own = own
    this.#folders = new Set(Object.values(paths))
  }

  async create(): Promise<void> {
    for (const folder of this.#folders) {
      makeCgroup(folder)
      if (folder === this.paths.cpuset) inheritCpuset(folder)
    }
  }

  exists(): boolean {
    return existsSync(this.#tracking())
  }

  expectJoin(): void {
    const own = this.#own()
    if (own !== undefined) this.#warmUp ??= warmUpAttach(own)
  }

  async join(pid: number): Promise<void> {
    // The first move waits milliseconds for all processors to notice, off the event loop; while they still know, each
    // further one takes microseconds, less than handing it to a thread would.
    await this.#warmUp
    let noticed = false
    for (const folder of this.#folders) {
      if (noticed) writeControl(folder, 'cgroup.procs', pid)
      else await this.#joinFirst(folder, pid)
      noticed = true
    }
  }

  async apply(resources: LinuxResources): Promise<void> {
    applyV1Resources(this.paths, resources)
  }

  async freeze(options?: CgroupWaitOptions): Promise<void> {
    const folder = this.#freezer()
    try {
      // Written again at each look: a process that was forked meanwhile leaves the state at FREEZING otherwise.
      const frozen = () => {
        writeControl(folder, 'freezer.state', 'FROZEN')
        return this.freezerState() === 'frozen'
      }
      await waitUntil(frozen, 'freeze', options)
    } catch (error) {
      writeControl(folder, 'freezer.state', 'THAWED')
      throw error
    }
  }

  async thaw(options?: CgroupWaitOptions): Promise<void> {
    unlessGone(() => writeControl(this.#freezer(), 'freezer.state', 'THAWED'))
    await waitUntil(() => this.freezerState() === 'thawed', 'thaw', options)
  }

  freezerState(): FreezerState {
    const state = readControl(this.paths.freezer, 'freezer.state')?.trim()
    if (state === 'FROZEN') return 'frozen'
    return state === 'FREEZING' ? 'freezing' : 'thawed'
  }

  pids(): number[] {
    return pidsBelow(this.#tracking())
  }

  stats(): CgroupStats {
    return readV1Stats(this.paths)
  }

  async killAll(signal = sigkill): Promise<void> {
    if (signal === sigkill) this.#killUnified()
    const pids = this.pids()
    if (pids.length === 0) return
    // Frozen, nothing can fork away from the list; what cannot be frozen in time is signalled as it is.
    const frozen = await this.#tryFreeze()
    try {
      signalAll(this.pids(), signal)
    } finally {
      if (frozen) unlessGone(() => writeControl(this.#freezer(), 'freezer.state', 'THAWED'))
    }
  }

  oomKillCount(): bigint {
    return readKeyed(this.paths.memory, 'memory.oom_control').oom_kill ?? 0n
  }

  oomEvents(options?: { signal?: AbortSignal; keepAlive?: boolean }): AsyncIterable<void> {
    return v1OomEvents(this.#folderOf('memory'), options)
  }

  async delete(options?: CgroupWaitOptions): Promise<void> {
    await removeCgroups(this.#folders, options)
  }

  async #joinFirst(folder: string, pid: number): Promise<void> {
    // A cgroup that was just made can answer EINVAL until all processors know of it.
    for (let tries = 0; ; tries++) {
      try {
        return await writeControlAsync(folder, 'cgroup.procs', pid)
      } catch (error) {
        if (!isErrno(error, 'EINVAL') || tries >= 5) throw error
        await new Promise((resolve) => setTimeout(resolve, 30))
      }
    }
  }

  async #tryFreeze(): Promise<boolean> {
    if (this.paths.freezer === undefined || this.freezerState() === 'frozen') return this.paths.freezer !== undefined
    try {
      await this.freeze({ timeoutMs: 500 })
      return true
    } catch (error) {
      if (isErrno(error, 'ETIMEDOUT', 'ENOENT')) return false
      throw error
    }
  }

  #killUnified(): void {
    const folder = this.paths['']
    if (folder === undefined || !existsSync(`${folder}/cgroup.kill`)) return
    unlessGone(() => writeControl(folder, 'cgroup.kill', 1))
  }

  /** The hierarchy in which processes are looked for: one in which a container cannot make its own cgroups easily. */
  #tracking(): string {
    const { devices, freezer, pids } = this.paths
    return devices ?? freezer ?? pids ?? (this.#folders.values().next().value as string)
  }

  #freezer(): string {
    return this.#folderOf('freezer')
  }

  #folderOf(controller: string): string {
    const folder = this.paths[controller]
    if (folder === undefined) {
      throw Object.assign(new Error(`the cgroup controller ${controller} is not mounted`), { code: 'ENOENT', errno: 2 })
    }
    return folder
  }
}
