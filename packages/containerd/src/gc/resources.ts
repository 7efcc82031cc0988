// SPDX-License-Identifier: Apache-2.0
import { knownLabels } from '@teu/containerd-api'
import type { Labels } from '../metadata/values.ts'

/** What can be garbage, as one text: a blob, a snapshot, an image or an ingest of a namespace. */
export type Resource = string

/** A blob of a namespace. */
export const contentResource = (namespace: string, digest: string): Resource => `c\0${namespace}\0${digest}`

/** A snapshot of a namespace. */
export const snapshotResource = (namespace: string, snapshotter: string, name: string): Resource =>
  `s\0${namespace}\0${snapshotter}\0${name}`

/** An ingest of a namespace. */
export const ingestResource = (namespace: string, ref: string): Resource => `i\0${namespace}\0${ref}`

/** An image of a namespace. */
export const imageResource = (namespace: string, name: string): Resource => `m\0${namespace}\0${name}`

/** What a lease's resource means, or undefined for one that is not known. */
export function leasedResource(namespace: string, type: string, id: string): Resource | undefined {
  if (type === 'content') return contentResource(namespace, id)
  if (type === 'ingests') return ingestResource(namespace, id)
  if (type === 'images') return imageResource(namespace, id)
  return type.startsWith('snapshots/') ? snapshotResource(namespace, type.slice('snapshots/'.length), id) : undefined
}

/** What the labels of an object refer to. */
export function labelReferences(namespace: string, labels: Labels): Resource[] {
  const found: Resource[] = []
  for (const [key, value] of Object.entries(labels)) {
    if (isLabel(key, knownLabels.gcRefContent)) found.push(contentResource(namespace, value))
    else if (isLabel(key, 'containerd.io/gc.ref.image')) found.push(imageResource(namespace, value))
    else if (key.startsWith(knownLabels.gcRefSnapshot)) {
      // A label may be repeated with anything behind a slash.
      const snapshotter = key.slice(knownLabels.gcRefSnapshot.length).split('/', 1)[0]!
      found.push(snapshotResource(namespace, snapshotter, value))
    }
  }
  return found
}

/** Whether labels make their object a root. */
export function isRoot(labels: Labels): boolean {
  return labels[knownLabels.gcRoot] !== undefined
}

/** When labels say that their object ends, in milliseconds since 1970. */
export function expiryOf(labels: Labels): number | undefined {
  const at = Date.parse(labels[knownLabels.gcExpire] ?? '')
  return Number.isNaN(at) ? undefined : at
}

/** A label, or one of its numbered or named forms. */
function isLabel(key: string, name: string): boolean {
  return key === name || key.startsWith(`${name}.`) || key.startsWith(`${name}/`)
}
