// SPDX-License-Identifier: Apache-2.0
import type { Mount } from '@teu/containerd-api'

/** How mounts are written into without mounting them. */
export interface DirectTarget {
  root: string
  whiteouts: 'overlay' | 'remove'
  lowers: string[]
}

/**
 * Where a layer is unpacked to so that mounting `mounts` shows it: the upper directory of a single overlay, the
 * source of a single writable bind, else undefined.
 */
export function directTarget(mounts: readonly Mount[]): DirectTarget | undefined {
  const [mount, ...more] = mounts
  if (mount === undefined || more.length > 0 || mount.target !== '') return undefined
  if (mount.type === 'overlay') {
    const { upper, lowers } = overlayPaths(mount)
    return upper === undefined ? undefined : { root: upper, whiteouts: 'overlay', lowers }
  }
  const writable = !mount.options.includes('ro')
  return mount.type === 'bind' && writable ? { root: mount.source, whiteouts: 'remove', lowers: [] } : undefined
}

/**
 * The upper directory of `right` when all below it is `left`: then it alone holds what has changed.
 */
export function upperOver(left: readonly Mount[], right: readonly Mount[]): string | undefined {
  const [mount, ...more] = right
  if (mount?.type !== 'overlay' || more.length > 0) return undefined
  const { upper, lowers } = overlayPaths(mount)
  const below = lowersOf(left)
  return upper !== undefined && below !== undefined && below.join(':') === lowers.join(':') ? upper : undefined
}

function lowersOf(mounts: readonly Mount[]): string[] | undefined {
  const [mount, ...more] = mounts
  if (mount === undefined || more.length > 0) return undefined
  if (mount.type === 'bind') return [mount.source]
  if (mount.type !== 'overlay') return undefined
  const { upper, lowers } = overlayPaths(mount)
  return upper === undefined ? lowers : [upper, ...lowers]
}

function overlayPaths({ options }: Mount): { upper: string | undefined; lowers: string[] } {
  const value = (key: string) => options.find((option) => option.startsWith(`${key}=`))?.slice(key.length + 1)
  return { upper: value('upperdir'), lowers: value('lowerdir')?.split(':') ?? [] }
}
