// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { readOnlyMounts } from './open-rootfs.ts'

test('the writable layer of an overlay becomes its top read-only one', () => {
  const options = ['index=off', 'workdir=/s/2/work', 'upperdir=/s/2/fs', 'lowerdir=/s/1/fs:/s/0/fs']
  assert.deepEqual(readOnlyMounts([{ type: 'overlay', source: 'overlay', target: '', options }]), [
    {
      type: 'overlay',
      source: 'overlay',
      target: '',
      options: ['index=off', 'lowerdir=/s/2/fs:/s/1/fs:/s/0/fs', 'ro'],
    },
  ])
})

test('a bind is made read-only', () => {
  const mount = { type: 'bind', source: '/s/3/fs', target: '', options: ['rbind', 'rw'] }
  assert.deepEqual(readOnlyMounts([mount])[0]?.options, ['rbind', 'ro'])
})
