// SPDX-License-Identifier: Apache-2.0
import { StackError, wrap } from '@teu/errors'
import { type CgroupManager, type CgroupSetup, createCgroupManager, type DeviceRule, isErrno } from '@teu/linux'
import type { LinuxResources, Spec } from '@teu/oci-spec/runtime'
import { missingDevices } from '../program/devices.ts'
import { SystemdCgroup } from './systemd-cgroup.ts'

// What every container may do, besides what its spec says: making any node (opening it is another matter), and using
// terminals.
const makeNodes: readonly DeviceRule[] = [
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
]
const useTerminals: readonly DeviceRule[] = [allow('c', 5, 1), allow('c', 136, undefined), allow('c', 5, 2)]

/**
 * The rules of the device controller: everything is denied but what the spec's resources allow and what every
 * container has. A node in `linux.devices` is only made; to be used it needs a rule, one that stands at the path of a
 * default node too.
 *
 * @internal
 */
export function deviceRules(spec: Spec): DeviceRule[] {
  return [
    { allow: false, type: 'a', access: 'rwm' },
    ...(spec.linux?.resources?.devices ?? []),
    ...makeNodes,
    ...missingDevices(spec).map(({ major, minor }) => allow('c', major, minor)),
    ...useTerminals,
  ]
}

function allow(type: string, major: number | undefined, minor: number | undefined): DeviceRule {
  return {
    allow: true,
    type,
    ...(major !== undefined && { major }),
    ...(minor !== undefined && { minor }),
    access: 'rwm',
  }
}

/** Who makes the cgroups of containers: this runtime, systemd, or nobody. @public */
export type CgroupDriver = 'cgroupfs' | 'systemd' | 'disabled'

/**
 * The cgroup that a container will have; nothing is made yet. `linux.cgroupsPath` defaults to the id, below the cgroup of
 * the runtime, and for systemd to a scope in `system.slice`. Undefined when it is to have none.
 *
 * @internal
 */
export async function planContainerCgroup(
  id: string,
  spec: Spec,
  setup: CgroupSetup,
  driver: CgroupDriver,
): Promise<CgroupManager | undefined> {
  if (driver === 'disabled') return undefined
  if (driver === 'systemd') return SystemdCgroup.plan(id, spec.linux?.cgroupsPath, setup)
  return createCgroupManager({ path: cgroupPath(id, spec), setup })
}

/** How {@link makeContainerCgroup} goes about it. @internal */
export interface MakeCgroupOptions {
  /** Whether a process will be moved there, which then takes less time. */
  expectJoin: boolean
  /** Whether a caller without the rights to make one does without. */
  rootless: boolean
}

/**
 * Makes a cgroup and writes its limits. Whatever was made is removed when a limit is refused. False when the caller is
 * not allowed to make one, and may do without.
 *
 * @internal
 */
export async function makeContainerCgroup(
  manager: CgroupManager,
  spec: Spec,
  { expectJoin, rootless }: MakeCgroupOptions,
): Promise<boolean> {
  if (manager.exists() && manager.pids().length > 0) {
    throw new StackError('failed-precondition', "container's cgroup is not empty: the limits of another would change")
  }
  refuseFrozen(manager)
  if (expectJoin) manager.expectJoin()
  try {
    await manager.create()
    refuseFrozen(manager)
    await applyResources(manager, {
      ...spec.linux?.resources,
      devices: deviceRules(spec) as NonNullable<LinuxResources['devices']>,
    })
  } catch (error) {
    await manager.delete().catch(() => {})
    if (rootless && isErrno(error, 'EACCES', 'EPERM', 'EROFS')) return false
    throw wrap(error, 'unable to apply cgroup configuration')
  }
  return true
}

/** A process that enters a frozen cgroup, or one below a frozen one, stops there before it can say anything. */
function refuseFrozen(manager: CgroupManager): void {
  if (manager.freezerState() === 'thawed') return
  throw new StackError('failed-precondition', "container's cgroup unexpectedly frozen")
}

/** Writes limits; absent ones stay as they are. @internal */
export async function applyResources(manager: CgroupManager, resources: LinuxResources): Promise<void> {
  await manager.apply(resources)
}

/** `linux.cgroupsPath`, or what stands for it. @internal */
export function cgroupPath(id: string, spec: Spec): string {
  const path = spec.linux?.cgroupsPath
  if (path === undefined || path === '') return id
  if (/^[^/]*:[^/]*:[^/]*$/.test(path)) {
    throw new StackError('not-implemented', `linux.cgroupsPath: ${JSON.stringify(path)} needs the systemd driver`)
  }
  return path
}
