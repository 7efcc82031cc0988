// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { overlayMounts } from './overlay-driver.ts'
import { snapshotKinds } from './snapshot-driver.ts'

const fs = (id: number) => `/s/${id}/fs`
const work = (id: number) => `/s/${id}/work`
const { active, view } = snapshotKinds

test('a snapshot without a parent is bound', () => {
  const bound = (mode: string) => [{ type: 'bind', source: '/s/3/fs', target: '', options: [mode, 'rbind'] }]
  assert.deepEqual(overlayMounts({ id: 3, kind: active, parents: [] }, fs, work), bound('rw'))
  assert.deepEqual(overlayMounts({ id: 3, kind: view, parents: [] }, fs, work), bound('ro'))
})

test('a view of one layer is that layer', () => {
  const expected = [{ type: 'bind', source: '/s/2/fs', target: '', options: ['ro', 'rbind'] }]
  assert.deepEqual(overlayMounts({ id: 3, kind: view, parents: [2] }, fs, work), expected)
})

test('layers are stacked, the nearest first, in the order of options that clients know', () => {
  const of = (kind: typeof active | typeof view) =>
    overlayMounts({ id: 3, kind, parents: [2, 1] }, fs, work, ['index=off'])[0]!
  assert.deepEqual(of(active), {
    type: 'overlay',
    source: 'overlay',
    target: '',
    options: ['index=off', 'workdir=/s/3/work', 'upperdir=/s/3/fs', 'lowerdir=/s/2/fs:/s/1/fs'],
  })
  assert.deepEqual(of(view).options, ['index=off', 'lowerdir=/s/2/fs:/s/1/fs'])
})
