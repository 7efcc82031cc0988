// SPDX-License-Identifier: Apache-2.0
import { type Step, slots } from './program.ts'

const writeOnly = 1
const openPath = 0o10000000

/** How the final init gets into its cgroup by itself. @internal */
export interface CgroupEntry {
  /** What stage 0 opens while it is still root on the host. */
  open: readonly Step[]
  /** The slot of the unified cgroup, in which the final init is born; -1 without one. */
  birthplace: number
  /** What the final init does first: it joins the cgroups of the v1 hierarchies. */
  join: readonly Step[]
}

/**
 * The entry into the cgroup with these paths. A process that is born in a v2 cgroup, or that moves itself while it has
 * one thread, spares the wait of some milliseconds that moving another process costs. Undefined when there are more
 * hierarchies than slots: then the parent moves it.
 *
 * @internal
 */
export function cgroupEntry(paths: Readonly<Record<string, string>>): CgroupEntry | undefined {
  const { '': unified, ...controllers } = paths
  const folders = [...new Set(Object.values(controllers))]
  if (slots.cgroups + folders.length >= slots.sources) return undefined
  const slotOf = (index: number) => slots.cgroups + index
  const open = folders.map(
    (folder, index): Step => ({ kind: 'open', slot: slotOf(index), path: `${folder}/tasks`, flags: writeOnly }),
  )
  const join = folders.map((_, index): Step => ({ kind: 'join-cgroup', slot: slotOf(index) }))
  if (unified === undefined) return { open, birthplace: -1, join }
  const birthplace = slotOf(folders.length)
  return { open: [...open, { kind: 'open', slot: birthplace, path: unified, flags: openPath }], birthplace, join }
}

/** The step that makes the final init, which without an entry waits until its parent has moved it. @internal */
export function spawnStep(entry: CgroupEntry | undefined): Step {
  return { kind: 'spawn', cgroup: entry?.birthplace ?? -1, wait: entry === undefined ? 1 : 0 }
}
