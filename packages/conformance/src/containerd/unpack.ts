// SPDX-License-Identifier: Apache-2.0
import { addBlob } from './blobs.ts'
import type { ContainerdContext } from './context.ts'

/** The media type of a layer that is not compressed. */
export const layerType = 'application/vnd.oci.image.layer.v1.tar'

/** Unpacks a layer onto a parent; the name of the snapshot that came of it, and the descriptor that was answered. */
export async function unpack(containerd: ContainerdContext, layer: Uint8Array, mediaType = layerType, parent = '') {
  const { calls, snapshotter } = containerd
  const [key, name] = [containerd.name('extract'), containerd.name('layer')]
  const { mounts } = await calls.snapshots.prepare({ snapshotter, key, parent })
  const diff = { mediaType, digest: await addBlob(calls, layer), size: BigInt(layer.length) }
  const { applied } = await calls.diff.apply({ diff, mounts })
  await calls.snapshots.commit({ snapshotter, key, name })
  return { name, applied }
}
