// SPDX-License-Identifier: Apache-2.0
import type { ContainerdServices } from '@teu/containerd-api'
import { StackError } from '@teu/errors'

/** Best first: no copying, then copying. */
const preference = ['overlayfs', 'native']

/**
 * The best snapshotter that a containerd has working: `overlayfs`, else `native`, else whichever there is.
 * `failed-precondition` when there is none.
 */
export async function chooseSnapshotter(containerd: ContainerdServices, signal?: AbortSignal): Promise<string> {
  const filters = ['type==io.containerd.snapshotter.v1']
  const { plugins } = await containerd.introspection.plugins({ filters }, { signal })
  const working = plugins.filter(({ initErr }) => !initErr).map(({ id }) => id)
  const chosen = preference.find((id) => working.includes(id)) ?? working[0]
  if (!chosen) throw new StackError('failed-precondition', 'containerd has no working snapshotter')
  return chosen
}

/**
 * Whether a containerd unpacks a layer while it is still written into the content store, as ours does. To others a
 * layer does not exist before that.
 */
export async function unpacksGrowingLayers(containerd: ContainerdServices, signal?: AbortSignal): Promise<boolean> {
  const filters = ['type==io.containerd.differ.v1']
  const { plugins } = await containerd.introspection.plugins({ filters }, { signal })
  return plugins.some(({ initErr, capabilities }) => !initErr && capabilities.includes('growing-blobs'))
}
