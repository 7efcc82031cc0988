// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Mount } from '@teu/containerd-api'
import { mountAllAt, umountFlags, unmountAll } from '@teu/linux'

/** A tree that is mounted for as long as it is needed. */
export interface TemporaryMount extends AsyncDisposable {
  readonly path: string
}

/** Mounts a tree on a new folder in `folder`. Nothing to mount is an empty tree. */
export async function temporaryMount(folder: string, mounts: readonly Mount[]): Promise<TemporaryMount> {
  const path = await mkdtemp(join(folder, 'containerd-mount'))
  try {
    mountAllAt(mounts, path)
  } catch (error) {
    await rmdir(path)
    throw error
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      unmountAll(path, umountFlags.detach)
      await rmdir(path)
    },
  }
}
