// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { wrap } from '@teu/errors'
import { mountAt, umountFlags, unmountAll } from '@teu/linux'
import type { Mount } from '@teu/shim-api'

/** The folder of a bundle on which its root file system is mounted. @internal */
export function rootfsOf(bundle: string): string {
  return join(bundle, 'rootfs')
}

/** Mounts the root file system of a bundle. Undoes what it did when a mount fails. Nothing happens without mounts. @internal */
export function mountRootfs(bundle: string, mounts: readonly Mount[]): void {
  if (mounts.length === 0) return
  const rootfs = rootfsOf(bundle)
  mkdirSync(rootfs, { recursive: true, mode: 0o711 })
  try {
    for (const { type, source, target, options } of mounts) {
      mountAt({ type, source, options }, join(rootfs, normalize(join('/', target))))
    }
  } catch (error) {
    unmountRootfs(bundle)
    throw wrap(error, `failed to mount rootfs component of ${rootfs}`)
  }
}

/** Unmounts the root file system of a bundle, and forgives that nothing is mounted. @internal */
export function unmountRootfs(bundle: string): void {
  unmountAll(rootfsOf(bundle), umountFlags.detach)
}
