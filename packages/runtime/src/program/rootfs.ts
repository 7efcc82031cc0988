// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { mountFlags } from '@teu/linux'
import type { Spec } from '@teu/oci-spec/runtime'
import type { Step } from './program.ts'

const propagations: Readonly<Record<string, number>> = {
  shared: mountFlags.shared,
  slave: mountFlags.slave,
  private: mountFlags.private,
  unbindable: mountFlags.unbindable,
}

/** The flags of `linux.rootfsPropagation`; undefined when it is absent. @internal */
export function rootPropagation(spec: Spec): number | undefined {
  const name = spec.linux?.rootfsPropagation
  if (!name) return undefined
  const recursive = name.startsWith('r')
  const flag = propagations[recursive ? name.slice(1) : name]
  if (flag === undefined) {
    throw new StackError('invalid-argument', `linux.rootfsPropagation: unknown value ${JSON.stringify(name)}`)
  }
  return recursive ? flag | mountFlags.rec : flag
}

/** Cuts the mounts off from the host's and makes the root a mount of its own. @internal */
export function prepareRootSteps(spec: Spec, rootfs: string): Step[] {
  return [
    { kind: 'host-propagation', flags: rootPropagation(spec) ?? mountFlags.slave | mountFlags.rec },
    { kind: 'root', path: rootfs },
  ]
}

/** Makes paths unreadable or read-only, and the root the root. @internal */
export function finishRootSteps(spec: Spec, noPivot: boolean): Step[] {
  const steps: Step[] = []
  // The root becomes read-only after everything that makes mount points, and masks come before the pivot, while every
  // path is still resolved from the root's descriptor.
  for (const path of spec.linux?.readonlyPaths ?? []) steps.push({ kind: 'readonly-path', path })
  for (const path of spec.linux?.maskedPaths ?? []) steps.push({ kind: 'mask', path })
  if (spec.root?.readonly) steps.push({ kind: 'root-flags', flags: mountFlags.rdonly })
  steps.push({ kind: noPivot ? 'move-root' : 'pivot' })
  const propagation = rootPropagation(spec)
  if (propagation !== undefined && (propagation & mountFlags.private) === 0) {
    steps.push({ kind: 'root-propagation', flags: propagation })
  }
  return steps
}
