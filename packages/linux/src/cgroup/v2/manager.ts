// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { isErrno } from '../../errno.ts'
import { warmUpAttach } from '../attach-warm-up.ts'
import { readControl, readKeyed, writeControl, writeControlAsync } from '../files.ts'
import type { CgroupManager, CgroupWaitOptions, FreezerState } from '../manager.ts'
import type { LinuxResources } from '../resources.ts'
import type { CgroupStats } from '../stats.ts'
import { makeCgroup, pidsBelow, removeCgroups, signalAll, unlessGone, waitUntil } from '../tree.ts'
import { applyV2Resources } from './apply.ts'
import { v2OomEvents } from './oom-events.ts'
import { readV2Stats } from './stats.ts'

const sigkill = 9

/** A cgroup of the unified hierarchy. @internal */
export class V2CgroupManager implements CgroupManager {
  readonly version = 2
  readonly paths: Readonly<Record<string, string>>
  readonly #folder: string
  readonly #hierarchy: () => { mountPoint: string; own: string }
  #warmUp: Promise<void> | undefined

  /** @param hierarchy Finds where the hierarchy is mounted, and the cgroup that this process is in. */
  constructor(folder: string, hierarchy: () => { mountPoint: string; own: string }) {
    this.#folder = folder
    this.#hierarchy = hierarchy
    this.paths = { '': folder }
  }

  async create(): Promise<void> {
    makeCgroup(this.#folder)
    const { mountPoint } = this.#hierarchy()
    const available = (readControl(mountPoint, 'cgroup.controllers') ?? '').split(/\s+/).filter(Boolean)
    for (const above of this.#foldersAbove(mountPoint)) enableControllers(above, available)
  }

  exists(): boolean {
    return existsSync(this.#folder)
  }

  expectJoin(): void {
    this.#warmUp ??= warmUpAttach(this.#hierarchy().own)
  }

  async join(pid: number): Promise<void> {
    await this.#warmUp
    await writeControlAsync(this.#folder, 'cgroup.procs', pid)
  }

  async apply(resources: LinuxResources): Promise<void> {
    applyV2Resources(this.#folder, resources)
  }

  async freeze(options?: CgroupWaitOptions): Promise<void> {
    writeControl(this.#folder, 'cgroup.freeze', 1)
    try {
      await waitUntil(() => this.freezerState() === 'frozen', 'freeze', options)
    } catch (error) {
      writeControl(this.#folder, 'cgroup.freeze', 0)
      throw error
    }
  }

  async thaw(options?: CgroupWaitOptions): Promise<void> {
    unlessGone(() => writeControl(this.#folder, 'cgroup.freeze', 0))
    await waitUntil(() => this.freezerState() === 'thawed', 'thaw', options)
  }

  freezerState(): FreezerState {
    const wanted = readControl(this.#folder, 'cgroup.freeze')?.trim() === '1'
    const frozen = readKeyed(this.#folder, 'cgroup.events').frozen === 1n
    if (frozen) return 'frozen'
    return wanted ? 'freezing' : 'thawed'
  }

  pids(): number[] {
    return pidsBelow(this.#folder)
  }

  stats(): CgroupStats {
    return readV2Stats(this.#folder)
  }

  async killAll(signal = sigkill): Promise<void> {
    if (signal === sigkill && this.#kill()) return
    const wasFrozen = this.freezerState() !== 'thawed'
    try {
      await this.freeze({ timeoutMs: 500 })
    } catch (error) {
      if (!isErrno(error, 'ETIMEDOUT', 'ENOENT')) throw error
    }
    signalAll(this.pids(), signal)
    // A frozen process dies of SIGKILL on v2; of other signals only a thawed one notices.
    if (!wasFrozen) unlessGone(() => writeControl(this.#folder, 'cgroup.freeze', 0))
  }

  oomKillCount(): bigint {
    return readKeyed(this.#folder, 'memory.events').oom_kill ?? 0n
  }

  oomEvents(options?: { signal?: AbortSignal; keepAlive?: boolean }): AsyncIterable<void> {
    return v2OomEvents(this.#folder, options)
  }

  async delete(options?: CgroupWaitOptions): Promise<void> {
    await removeCgroups([this.#folder], options)
  }

  /** False before Linux 5.14, which has no `cgroup.kill`. */
  #kill(): boolean {
    try {
      writeControl(this.#folder, 'cgroup.kill', 1)
      return true
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return !this.exists()
      throw error
    }
  }

  /** From the root down to the parent: controllers are handed from each to the next. */
  #foldersAbove(mountPoint: string): string[] {
    const folders: string[] = []
    for (let path = dirname(this.#folder); path.length >= mountPoint.length; path = dirname(path)) {
      folders.unshift(path)
      if (path === '/') break
    }
    return folders
  }
}

function enableControllers(folder: string, controllers: readonly string[]): void {
  const enabled = new Set((readControl(folder, 'cgroup.subtree_control') ?? '').split(/\s+/))
  const missing = controllers.filter((name) => !enabled.has(name))
  if (missing.length === 0) return
  const write = (names: readonly string[]) =>
    writeControl(folder, 'cgroup.subtree_control', names.map((name) => `+${name}`).join(' '))
  try {
    write(missing)
  } catch {
    // All or nothing in one write; one by one, those that are not to be had (such as cpu beside real-time tasks) are
    // left out, and a limit that needs one fails by itself with ENOENT.
    for (const name of missing) {
      try {
        write([name])
      } catch {}
    }
  }
}
