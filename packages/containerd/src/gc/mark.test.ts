// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { markAll } from './mark.ts'
import {
  contentResource,
  expiryOf,
  imageResource,
  isRoot,
  labelReferences,
  leasedResource,
  snapshotResource,
} from './resources.ts'

const references = (edges: Record<string, string[]>) => new Map(Object.entries(edges))

test('what is reachable from a root lives, circles and all', () => {
  const alive = markAll({ roots: ['a'], flat: [], references: references({ a: ['b'], b: ['c', 'a'], d: ['e', 'b'] }) })
  assert.deepEqual([...alive].sort(), ['a', 'b', 'c'])
})

test('a long chain does not overflow the stack', () => {
  const edges = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`n${i}`, [`n${i + 1}`]]))
  assert.equal(markAll({ roots: ['n0'], flat: [], references: references(edges) }).size, 100_001)
})

test('a flat lease keeps what it lists and the parents of snapshots, and nothing that labels say', () => {
  const [top, base] = [snapshotResource('n', 'overlayfs', 'top'), snapshotResource('n', 'overlayfs', 'base')]
  const blob = contentResource('n', 'sha256:a')
  const edges = references({ [top]: [base], [base]: [], [blob]: [contentResource('n', 'sha256:b')] })
  assert.deepEqual(markAll({ roots: [], flat: [top, blob], references: edges }), new Set([top, base, blob]))
})

test('labels refer to content, snapshots and images of their namespace', () => {
  const labels = {
    'containerd.io/gc.ref.content': 'sha256:a',
    'containerd.io/gc.ref.content.l.0': 'sha256:b',
    'containerd.io/gc.ref.content.config': 'sha256:c',
    'containerd.io/gc.ref.contentious': 'sha256:no',
    'containerd.io/gc.ref.snapshot.overlayfs': 'chain',
    'containerd.io/gc.ref.snapshot.overlayfs/other': 'chain2',
    'containerd.io/gc.ref.image.x': 'name',
    'containerd.io/uncompressed': 'sha256:d',
  }
  assert.deepEqual(labelReferences('n', labels), [
    contentResource('n', 'sha256:a'),
    contentResource('n', 'sha256:b'),
    contentResource('n', 'sha256:c'),
    snapshotResource('n', 'overlayfs', 'chain'),
    snapshotResource('n', 'overlayfs', 'chain2'),
    imageResource('n', 'name'),
  ])
})

test('only the presence of the root label counts, and only a time is an expiry', () => {
  assert.equal(isRoot({ 'containerd.io/gc.root': '' }), true)
  assert.equal(isRoot({}), false)
  assert.equal(expiryOf({ 'containerd.io/gc.expire': '2030-01-01T00:00:00Z' }), Date.UTC(2030, 0))
  assert.equal(expiryOf({ 'containerd.io/gc.expire': 'soon' }), undefined)
  assert.equal(leasedResource('n', 'weather', 'x'), undefined)
})
