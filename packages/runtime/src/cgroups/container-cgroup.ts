// SPDX-License-Identifier: Apache-2.0
import { StackError, wrap } from '@teu/errors'
import { type CgroupManager, type CgroupSetup, createCgroupManager, type DeviceRule, isErrno } from '@teu/linux'
import type { LinuxResources, Spec } from '@teu/oci-spec/runtime'
import { defaultDevices } from '../program/devices.ts'

// What every container may use, besides what its spec says: making any node (opening it is another matter), its
// default nodes, and terminals.
const defaultRules: readonly DeviceRule[] = [
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  ...defaultDevices.map(({ major, minor }) => allow('c', major, minor)),
  allow('c', 5, 1),
  allow('c', 136, undefined),
  allow('c', 5, 2),
]

/**
 * The rules of the device controller: everything is denied but what the spec's resources allow and what every
 * container has. A node in `linux.devices` is only made; to be used it needs a rule.
 *
 * @internal
 */
export function deviceRules(spec: Spec): DeviceRule[] {
  return [{ allow: false, type: 'a', access: 'rwm' }, ...(spec.linux?.resources?.devices ?? []), ...defaultRules]
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

/**
 * Makes the cgroup of a container and writes its limits. `linux.cgroupsPath` defaults to the id, below the cgroup of
 * the runtime. Whatever was made is removed when a limit is refused. Undefined when the caller is no root and may make
 * no cgroup: then the container has none of its own.
 *
 * @internal
 */
export async function makeContainerCgroup(
  id: string,
  spec: Spec,
  setup: CgroupSetup,
  { expectJoin = false }: { expectJoin?: boolean } = {},
): Promise<CgroupManager | undefined> {
  const manager = createCgroupManager({ path: cgroupPath(id, spec), setup })
  if (manager.exists() && manager.pids().length > 0) {
    throw new StackError('failed-precondition', "container's cgroup is not empty: the limits of another would change")
  }
  if (expectJoin) manager.expectJoin()
  try {
    await manager.create()
    await applyResources(manager, {
      ...spec.linux?.resources,
      devices: deviceRules(spec) as NonNullable<LinuxResources['devices']>,
    })
  } catch (error) {
    await manager.delete().catch(() => {})
    if (process.geteuid?.() !== 0 && isErrno(error, 'EACCES', 'EPERM', 'EROFS')) return undefined
    throw wrap(error, 'unable to apply cgroup configuration')
  }
  return manager
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
