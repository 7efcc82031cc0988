// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { keepsXattr } from './entry-metadata.ts'
import { cleanPath, meaningOf } from './entry-path.ts'
import { directTarget, upperOver } from './mount-target.ts'

test('a name leads nowhere but below the root', () => {
  for (const [name, path] of [
    ['a/b', 'a/b'],
    ['/a//b/', 'a/b'],
    ['./a/./b', 'a/b'],
    ['a/../b', 'b'],
    ['../../etc/passwd', 'etc/passwd'],
    ['a/../../..', ''],
    ['/', ''],
    ['', ''],
  ] as const)
    assert.equal(cleanPath(name), path, name)
  assert.throws(() => cleanPath('a\0b'), { code: 'invalid-argument' })
  assert.throws(() => cleanPath('a/'.repeat(1025)), { code: 'invalid-argument' })
})

test('whiteouts are told from names that look like them', () => {
  assert.deepEqual(meaningOf('a/.wh.b'), { kind: 'whiteout', path: 'a/b' })
  assert.deepEqual(meaningOf('.wh.b'), { kind: 'whiteout', path: 'b' })
  assert.deepEqual(meaningOf('a/.wh..wh..opq'), { kind: 'opaque', folder: 'a' })
  assert.deepEqual(meaningOf('.wh..wh..opq'), { kind: 'opaque', folder: '' })
  assert.deepEqual(meaningOf('.wh..wh.plnk/x'), { kind: 'plain', path: '.wh..wh.plnk/x' })
  assert.deepEqual(meaningOf('.wh..wh.aufs'), { kind: 'ignored' })
  assert.deepEqual(meaningOf('a.wh.b'), { kind: 'plain', path: 'a.wh.b' })
  for (const name of ['.wh.', '.wh..', '.wh...', 'a/.wh.', 'a/.wh..'])
    assert.throws(() => meaningOf(name), { code: 'invalid-argument' }, name)
})

test('attributes that steer the kernel are not taken from an image', () => {
  for (const name of ['user.x', 'security.capability', 'system.posix_acl_access']) assert.ok(keepsXattr(name), name)
  for (const name of [
    'trusted.overlay.opaque',
    'trusted.overlay.redirect',
    'user.overlay.metacopy',
    'trusted.x',
    'system.nfs4_acl',
    'x',
  ])
    assert.ok(!keepsXattr(name), name)
})

const overlay = (...options: string[]) => [{ type: 'overlay', source: 'overlay', target: '', options }]
const bind = (source: string, mode: string) => [{ type: 'bind', source, target: '', options: [mode, 'rbind'] }]

test('mounts that are one directory are written into directly', () => {
  assert.deepEqual(directTarget(overlay('index=off', 'workdir=/w', 'upperdir=/u', 'lowerdir=/b:/a')), {
    root: '/u',
    whiteouts: 'overlay',
    lowers: ['/b', '/a'],
  })
  assert.deepEqual(directTarget(bind('/fs', 'rw')), { root: '/fs', whiteouts: 'remove', lowers: [] })
  assert.equal(directTarget(bind('/fs', 'ro')), undefined)
  assert.equal(directTarget(overlay('lowerdir=/b:/a')), undefined)
  assert.equal(directTarget([]), undefined)
  assert.equal(directTarget([...bind('/a', 'rw'), ...bind('/b', 'rw')]), undefined)
  assert.equal(directTarget([{ ...bind('/a', 'rw')[0]!, target: 'sub' }]), undefined)
})

test('an upper directory is the whole change only over exactly what is below it', () => {
  const right = overlay('upperdir=/u', 'lowerdir=/b:/a')
  assert.equal(upperOver(overlay('lowerdir=/b:/a'), right), '/u')
  assert.equal(upperOver(overlay('upperdir=/b', 'lowerdir=/a'), right), '/u')
  assert.equal(upperOver(bind('/b', 'ro'), overlay('upperdir=/u', 'lowerdir=/b')), '/u')
  assert.equal(upperOver(overlay('lowerdir=/a'), right), undefined)
  assert.equal(upperOver([], right), undefined)
})
