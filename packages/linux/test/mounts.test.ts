// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { closeSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import {
  attachMount,
  filesystemMagic,
  filesystemType,
  isMountPoint,
  mountAllAt,
  mountApiFlags,
  mountAt,
  mountOf,
  openTree,
  readMountinfo,
  unmountAll,
} from '@teu/linux'

const needsRoot = { skip: process.getuid?.() === 0 ? false : 'needs root' }

/** A private tmpfs to work in, so that nothing is left whatever fails. */
function fixture(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'teu-mount-'))
  mountAt({ type: 'tmpfs', source: 'tmpfs', options: ['mode=755', 'private'] }, folder)
  t.after(() => {
    for (const { mountPoint } of readMountinfo().toReversed()) {
      if (mountPoint.startsWith(`${folder}/`)) unmountAll(mountPoint, 2)
    }
    unmountAll(folder)
    rmSync(folder, { recursive: true })
  })
  return folder
}

function makeFolders(base: string, ...names: string[]): string[] {
  return names.map((name) => {
    mkdirSync(join(base, name))
    return join(base, name)
  })
}

test('a file system with flags and data', needsRoot, (t) => {
  const [target = ''] = makeFolders(fixture(t), 'target')
  mountAt({ type: 'tmpfs', source: 'mine', options: ['nosuid', 'noexec', 'size=64k', 'mode=1777'] }, target)
  const mount = mountOf(target, readMountinfo())
  assert.equal(mount?.source, 'mine')
  assert.ok(mount?.options.includes('nosuid') && mount.options.includes('noexec'))
  assert.ok(mount?.superOptions.includes('size=64k'))
  assert.equal(filesystemType(target), filesystemMagic.tmpfs)
  assert.equal(unmountAll(target), 1)
  assert.equal(isMountPoint(target), false)
})

test('a read-only bind is read-only, and a failed one leaves nothing', needsRoot, (t) => {
  const [source = '', target = ''] = makeFolders(fixture(t), 'source', 'target')
  mountAt({ type: 'bind', source, options: ['rbind', 'ro', 'rprivate'] }, target)
  assert.throws(() => writeFileSync(join(target, 'x'), ''), { code: 'EROFS' })
  writeFileSync(join(source, 'x'), '')
  unmountAll(target)
  const impossible = ['bind', 'ro', 'shared', 'rro', 'rnoatime', 'rstrictatime', 'unbindable']
  const broken = [
    { type: 'bind', source, options: impossible },
    { type: 'no-such-fs', source: 'x', options: [] },
  ]
  assert.throws(() => mountAllAt(broken, target), { code: 'ENODEV', syscall: 'mount' })
  assert.equal(isMountPoint(target), false)
})

test('recursive read-only covers mounts below', needsRoot, (t) => {
  const [source = '', target = ''] = makeFolders(fixture(t), 'source', 'target')
  const [inner = ''] = makeFolders(source, 'inner')
  mountAt({ type: 'tmpfs', source: 'inner', options: [] }, inner)
  mountAt({ type: 'bind', source, options: ['rbind', 'rro'] }, target)
  assert.throws(() => writeFileSync(join(target, 'inner', 'x'), ''), { code: 'EROFS' })
  writeFileSync(join(inner, 'x'), '')
})

test('an overlay of more layers than fit into a page of options', needsRoot, (t) => {
  const base = fixture(t)
  const [upper = '', work = '', target = ''] = makeFolders(base, 'upper', 'work', 'target')
  const layers = Array.from({ length: 120 }, (_, i) => {
    const [layer = ''] = makeFolders(base, `layer-${i}-${'x'.repeat(40)}`)
    writeFileSync(join(layer, `file-${i}`), String(i))
    return layer
  })
  const lowerdir = `lowerdir=${layers.join(':')}`
  assert.ok(lowerdir.length > 4096)
  mountAt({ type: 'overlay', source: 'overlay', options: [lowerdir, `upperdir=${upper}`, `workdir=${work}`] }, target)
  assert.equal(readFileSync(join(target, 'file-119'), 'utf8'), '119')
  assert.equal(readFileSync(join(target, 'file-0'), 'utf8'), '0')
  writeFileSync(join(target, 'new'), '')
  assert.ok(existsSync(join(upper, 'new')))
})

test('a detached tree is attached elsewhere', needsRoot, (t) => {
  const [source = '', target = ''] = makeFolders(fixture(t), 'source', 'target')
  writeFileSync(join(source, 'x'), '')
  const tree = openTree(source, mountApiFlags.openTreeClone | mountApiFlags.openTreeCloexec)
  try {
    attachMount(tree, target)
  } finally {
    closeSync(tree)
  }
  assert.ok(existsSync(join(target, 'x')))
})

test('an error names the call and the path', needsRoot, (t) => {
  const missing = join(fixture(t), 'missing')
  const error = { code: 'ENOENT', errno: 2, syscall: 'mount', path: missing }
  assert.throws(() => mountAt({ type: 'tmpfs', source: 'x', options: [] }, missing), error)
})
