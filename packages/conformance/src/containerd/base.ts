// SPDX-License-Identifier: Apache-2.0
import path from 'node:path'
import { fillRoot } from '../container/root-file-system.ts'
import type { ContainerdContext } from './context.ts'
import { insideMounts } from './mounts.ts'

/** Makes a snapshot of busybox by writing through its mounts; its name. */
export async function makeBase({ calls, snapshotter, prefix, folder, busybox }: ContainerdContext): Promise<string> {
  const tree = path.join(folder, 'base')
  await fillRoot(tree, busybox)
  const [key, name] = [`${prefix}-base-key`, `${prefix}-base`]
  const { mounts } = await calls.snapshots.prepare({ snapshotter, key })
  await insideMounts(mounts, `cp -a '${tree}/.' . || exit 1`)
  await calls.snapshots.commit({ snapshotter, key, name })
  return name
}
