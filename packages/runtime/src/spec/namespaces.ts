// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs'
import type { LinuxNamespaceType, Spec } from '@teu/oci-spec/runtime'

/** The flag of clone(2) and setns(2) for each kind of namespace. @internal */
export const namespaceFlags: Readonly<Record<LinuxNamespaceType, number>> = {
  time: 0x80,
  mount: 0x0002_0000,
  cgroup: 0x0200_0000,
  uts: 0x0400_0000,
  ipc: 0x0800_0000,
  user: 0x1000_0000,
  pid: 0x2000_0000,
  network: 0x4000_0000,
}

/** The file of each kind in `/proc/<pid>/ns`. @internal */
export const namespaceFiles: Readonly<Record<LinuxNamespaceType, string>> = {
  time: 'time',
  mount: 'mnt',
  cgroup: 'cgroup',
  uts: 'uts',
  ipc: 'ipc',
  user: 'user',
  pid: 'pid',
  network: 'net',
}

/** How a container gets a kind of namespace: a new one, one that exists, or the runtime's own. @internal */
export type NamespaceChoice = 'new' | { path: string } | 'inherit'

/** What `spec` says about one kind. @internal */
export function namespaceOf(spec: Spec, type: LinuxNamespaceType): NamespaceChoice {
  const entry = spec.linux?.namespaces?.find((namespace) => namespace.type === type)
  if (entry === undefined) return 'inherit'
  return entry.path === undefined || entry.path === '' ? 'new' : { path: entry.path }
}

/** Whether the container has a namespace of that kind that is not the runtime's. @internal */
export function isPrivate(spec: Spec, type: LinuxNamespaceType): boolean {
  return namespaceOf(spec, type) !== 'inherit'
}

/** Whether the container shares that namespace with the runtime, be it that its path leads there. @internal */
export function isShared(spec: Spec, type: LinuxNamespaceType): boolean {
  const choice = namespaceOf(spec, type)
  if (typeof choice === 'string') return choice === 'inherit'
  const [own, joined] = [`/proc/self/ns/${namespaceFiles[type]}`, choice.path].map((path) =>
    statSync(path, { throwIfNoEntry: false }),
  )
  return own !== undefined && own.ino === joined?.ino && own.dev === joined.dev
}
