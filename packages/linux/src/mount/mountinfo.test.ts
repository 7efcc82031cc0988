// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { isMountPoint, mountOf, parseMountinfo } from './mountinfo.ts'

const text = `23 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
31 23 0:28 / /sys/fs/cgroup rw,relatime shared:9 master:2 - tmpfs tmpfs rw,mode=755
40 23 0:40 /sub /mnt/with\\040space\\011tab rw,nosuid,nodev - tmpfs a\\134b rw
41 23 0:41 / /mnt rw - fuse.sshfs none
broken line
`

test('all fields of a line', () => {
  const [root, cgroup, odd, noOptions] = parseMountinfo(text)
  assert.deepEqual(root, {
    id: 23,
    parentId: 1,
    device: '254:0',
    root: '/',
    mountPoint: '/',
    options: ['rw', 'relatime'],
    optionalFields: [],
    type: 'ext4',
    source: '/dev/vda',
    superOptions: ['rw', 'discard'],
  })
  assert.deepEqual(cgroup?.optionalFields, ['shared:9', 'master:2'])
  assert.equal(odd?.mountPoint, '/mnt/with space\ttab')
  assert.equal(odd?.source, 'a\\b')
  assert.equal(noOptions?.type, 'fuse.sshfs')
  assert.equal(parseMountinfo(text).length, 4)
})

test('the mount of a path is the longest mount point above it, the later of two', () => {
  const mounts = parseMountinfo(`${text}50 41 0:50 / /mnt rw - tmpfs second rw\n`)
  assert.equal(mountOf('/mnt/x', mounts)?.source, 'second')
  assert.equal(mountOf('/mntx', mounts)?.mountPoint, '/')
  assert.equal(mountOf('/sys/fs/cgroup', mounts)?.type, 'tmpfs')
  assert.equal(isMountPoint('/mnt', mounts), true)
  assert.equal(isMountPoint('/mnt/x', mounts), false)
})
