// SPDX-License-Identifier: Apache-2.0
import type { LinuxNamespaceType, LinuxTimeOffset, Spec } from '@teu/oci-spec/runtime'
import { namespaceFlags, namespaceOf } from '../spec/namespaces.ts'
import { type Step, slots } from './program.ts'

// The mount namespace comes after those that are reached by path, and the user namespace last: before it, root may
// join a namespace that another user namespace owns. An unprivileged caller has no rights but those it finds there.
const joinOrder: readonly LinuxNamespaceType[] = ['ipc', 'uts', 'network', 'pid', 'cgroup', 'time', 'mount']

/** A namespace to join, with the path of a file that stands for it. @internal */
export interface NamespaceToJoin {
  type: LinuxNamespaceType
  path: string
}

/**
 * Steps that open all of the namespaces and then join them: once one is joined, the path of the next may mean
 * something else.
 *
 * @internal
 */
export function joinSteps(namespaces: readonly NamespaceToJoin[], privileged: boolean): Step[] {
  const order = privileged ? [...joinOrder, 'user'] : ['user', ...joinOrder]
  const sorted = namespaces.toSorted((a, b) => order.indexOf(a.type) - order.indexOf(b.type))
  return [
    ...sorted.map(({ path }, index): Step => ({ kind: 'open', slot: slots.namespaces + index, path, flags: 0 })),
    ...sorted.map(
      ({ type }, index): Step => ({ kind: 'join', namespace: namespaceFlags[type], slot: slots.namespaces + index }),
    ),
  ]
}

/** Joins, the new user namespace, the other new ones and the offsets of the clocks, in that order. @internal */
export function namespaceSteps(spec: Spec, privileged: boolean): Step[] {
  const joined: NamespaceToJoin[] = []
  let flags = 0
  for (const { type, path } of spec.linux?.namespaces ?? []) {
    if (path) joined.push({ type, path })
    // The cgroup namespace is made by the final init, once it is in its cgroup: its root is where it is made.
    else if (type !== 'user' && type !== 'cgroup') flags |= namespaceFlags[type]
  }
  const steps = joinSteps(joined, privileged)
  if (namespaceOf(spec, 'user') === 'new') steps.push({ kind: 'new-user' })
  if (flags !== 0) steps.push({ kind: 'unshare', flags })
  for (const [clock, offset] of Object.entries(spec.linux?.timeOffsets ?? {})) steps.push(timeOffset(clock, offset))
  return steps
}

function timeOffset(clock: string, { secs = 0, nanosecs = 0 }: LinuxTimeOffset): Step {
  return { kind: 'time-offset', clock, seconds: BigInt(secs), nanoseconds: nanosecs }
}
