// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { CgroupManager } from '@teu/linux'
import type { CallOptions } from './options.ts'
import type { SavedState, StateDirectory } from './state-file.ts'
import { cgroupOf, requireMove, statusOf } from './status.ts'

/** Freezes a container. @internal */
export async function pauseContainer(
  directory: StateDirectory,
  saved: SavedState,
  { signal }: CallOptions,
): Promise<void> {
  requireMove('pause', statusOf(directory, saved))
  await requireCgroup(saved).freeze(signal && { signal })
}

/** Thaws a paused container. @internal */
export async function resumeContainer(
  directory: StateDirectory,
  saved: SavedState,
  { signal }: CallOptions,
): Promise<void> {
  requireMove('resume', statusOf(directory, saved))
  await requireCgroup(saved).thaw(signal && { signal })
}

/** The container's cgroup, or `failed-precondition` when an unprivileged caller could make none. @internal */
export function requireCgroup(saved: SavedState): CgroupManager {
  const cgroup = cgroupOf(saved)
  if (cgroup === undefined) throw new StackError('failed-precondition', 'container has no cgroup')
  return cgroup
}
