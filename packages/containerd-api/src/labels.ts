// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/** The most bytes that a label's key and value may have together. @public */
export const maximumLabelSize = 4096

/**
 * Checks the size of every label.
 *
 * @throws `invalid-argument` when a key and its value have more than 4096 bytes together
 * @public
 */
export function validateLabels(labels: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(labels)) {
    const size = Buffer.byteLength(key) + Buffer.byteLength(value)
    if (size <= maximumLabelSize) continue
    const shown = key.length > 64 ? `${key.slice(0, 64)}...` : key
    throw new StackError(
      'invalid-argument',
      `label key and value length (${size} bytes) greater than maximum size (${maximumLabelSize} bytes), key: ${shown}: invalid argument`,
    )
  }
}

/** Labels with a meaning to the daemon itself. @public */
export const knownLabels = {
  gcRoot: 'containerd.io/gc.root',
  gcExpire: 'containerd.io/gc.expire',
  gcFlat: 'containerd.io/gc.flat',
  gcRefContent: 'containerd.io/gc.ref.content',
  gcRefSnapshot: 'containerd.io/gc.ref.snapshot.',
  uncompressed: 'containerd.io/uncompressed',
  distributionSource: 'containerd.io/distribution.source.',
  snapshotRef: 'containerd.io/snapshot.ref',
  defaultSnapshotter: 'containerd.io/defaults/snapshotter',
  defaultRuntime: 'containerd.io/defaults/runtime',
  shareable: 'containerd.io/namespace.shareable',
} as const
