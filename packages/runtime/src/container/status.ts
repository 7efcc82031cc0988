// SPDX-License-Identifier: Apache-2.0
import { existsSync, readlinkSync } from 'node:fs'
import { StackError } from '@teu/errors'
import { type CgroupManager, createCgroupManager, isErrno, isProcessRunning } from '@teu/linux'
import { type ContainerStatus, runtimeSpecVersion, type State } from '@teu/oci-spec/runtime'
import { SystemdCgroup } from '../cgroups/systemd-cgroup.ts'
import type { ContainerState } from './state.ts'
import type { SavedState, StateDirectory } from './state-file.ts'

/** What may be done with a container in each status; the reason why not is the message. @internal */
export const moves = {
  start: {
    created: true,
    creating: 'cannot start a container that is being created',
    running: 'cannot start an already running container',
    paused: 'cannot start an already running container',
    stopped: 'cannot start a container that has stopped',
  },
  exec: {
    created: true,
    creating: 'cannot exec in a container that is being created',
    running: true,
    paused: 'cannot exec in a paused container (use --ignore-paused to override)',
    stopped: 'cannot exec in a stopped container',
  },
  pause: {
    created: true,
    creating: 'container not running',
    running: true,
    paused: 'container not running',
    stopped: 'container not running',
  },
  resume: {
    created: 'container not paused',
    creating: 'container not paused',
    running: 'container not paused',
    paused: true,
    stopped: 'container not paused',
  },
} as const satisfies Record<string, Record<ContainerStatus, true | string>>

/** Throws `failed-precondition` when a container of that status does not allow the move. @internal */
export function requireMove(move: keyof typeof moves, status: ContainerStatus): void {
  const allowed: true | string = moves[move][status]
  if (allowed !== true) throw new StackError('failed-precondition', allowed)
}

/** What a container is doing, as the kernel and the state directory say. @internal */
export function statusOf(directory: StateDirectory, saved: SavedState): ContainerStatus {
  if (isBeingCreated(saved)) return 'creating'
  if (!isInitRunning(saved)) return 'stopped'
  if (isFrozen(saved)) return 'paused'
  return existsSync(directory.fifo(saved.id)) && isWaiting(saved.init_process_pid) ? 'created' : 'running'
}

/** Whether init still is `teu-init`. A start that was killed half way may have left the FIFO behind. */
function isWaiting(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`).startsWith('/memfd:teu-init')
  } catch (error) {
    // Who is not root may not look at a process that cannot be traced, which is what init is until it executes.
    return isErrno(error, 'EACCES', 'EPERM')
  }
}

function isBeingCreated({ creator }: SavedState): boolean {
  return creator !== undefined && isProcessRunning(creator.pid, BigInt(creator.start))
}

/** Whether the container's init is the process it was, and no zombie. @internal */
export function isInitRunning(saved: SavedState): boolean {
  return saved.init_process_pid > 0 && isProcessRunning(saved.init_process_pid, BigInt(saved.init_process_start))
}

/** The manager of a container's cgroup; undefined when it has none. @internal */
export function cgroupOf(saved: SavedState): CgroupManager | undefined {
  if (Object.keys(saved.cgroup_paths).length === 0) return undefined
  const manager = createCgroupManager({ paths: saved.cgroup_paths })
  return saved.systemd_unit === undefined ? manager : new SystemdCgroup(saved.systemd_unit, manager)
}

function isFrozen(saved: SavedState): boolean {
  try {
    return cgroupOf(saved)?.freezerState() === 'frozen'
  } catch {
    // A cgroup that was removed under a container says nothing about its processes.
    return false
  }
}

/** The state as `state` prints it. @internal */
export function containerState(directory: StateDirectory, saved: SavedState): ContainerState {
  const status = statusOf(directory, saved)
  const { annotations } = saved.spec
  return {
    ociVersion: saved.spec.ociVersion || runtimeSpecVersion,
    id: saved.id,
    pid: status === 'stopped' ? 0 : saved.init_process_pid,
    status,
    bundle: saved.bundle,
    rootfs: saved.rootfs,
    created: saved.created,
    ...(annotations && { annotations }),
    owner: saved.owner,
  }
}

/** The state as hooks read it. @internal */
export function hookState(saved: SavedState, status: ContainerStatus, pid: number): State {
  const { annotations, ociVersion } = saved.spec
  return { ociVersion, id: saved.id, status, pid, bundle: saved.bundle, ...(annotations && { annotations }) }
}
