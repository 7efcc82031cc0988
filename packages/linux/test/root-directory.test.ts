// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { Worker } from 'node:worker_threads'
import { fileTypes, RootDirectory } from '@teu/linux'

const needsRoot = { skip: process.getuid?.() === 0 ? false : 'needs root' }

/** A root with a host folder beside it that nothing may reach: `<dir>/host/secret`. */
function fixture(t: TestContext): { root: RootDirectory; host: string; path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'teu-root-'))
  const host = join(folder, 'host')
  const path = join(folder, 'root')
  mkdirSync(host)
  mkdirSync(path)
  writeFileSync(join(host, 'secret'), 'untouched')
  const root = RootDirectory.open(path)
  t.after(() => {
    root.close()
    rmSync(folder, { recursive: true })
  })
  return { root, host, path }
}

function write(root: RootDirectory, path: string, text: string): void {
  const fd = root.createFile(path, 0o644)
  writeSync(fd, text)
  closeSync(fd)
}

test('links to the host lead to the same place inside the root', needsRoot, (t) => {
  const { root, host, path } = fixture(t)
  root.symlink(host, 'absolute')
  root.symlink(`../../../../..${host}`, 'climbing')
  for (const link of ['absolute', 'climbing']) {
    assert.equal(root.stat(`${link}/secret`), undefined)
    assert.throws(() => root.createFile(`${link}/new`, 0o644), { code: 'ENOENT' })
    assert.throws(() => root.mkdirAll(`${link}/sub`, 0o755))
  }
  root.mkdirAll(host, 0o755)
  write(root, 'absolute/new', 'inside')
  assert.equal(readFileSync(join(path, host, 'new'), 'utf8'), 'inside')
  assert.equal(existsSync(join(host, 'new')), false)
  assert.equal(root.realPath('climbing/new'), join(path, host, 'new'))
})

test('an entry that is a link is itself changed, linked, renamed and removed', needsRoot, (t) => {
  const { root, host } = fixture(t)
  root.symlink(join(host, 'secret'), 'link')
  root.chown('link', 7, 8)
  root.utimes('link', 1n, 2n)
  assert.deepEqual([root.lstat('link')?.uid, root.lstat('link')?.mtimeNs], [7, 2n])
  assert.throws(() => root.chmod('link', 0o777), { code: 'EOPNOTSUPP' })
  assert.throws(() => root.createFile('link', 0o644), { code: 'EEXIST' })
  root.xattrs.set('link', 'trusted.teu', Buffer.from('x'))
  assert.deepEqual(root.xattrs.list('link'), ['trusted.teu'])
  root.link('link', 'hard')
  assert.equal(root.readlink('hard'), join(host, 'secret'))
  root.rename('hard', 'renamed')
  root.removeAll('link')
  assert.deepEqual(
    root.readdir('/').map(({ name }) => name),
    ['renamed'],
  )
  assert.equal(readFileSync(join(host, 'secret'), 'utf8'), 'untouched')
})

test('removing a tree does not walk through links', needsRoot, (t) => {
  const { root, host } = fixture(t)
  root.mkdirAll('a/b/c', 0o755)
  root.symlink(host, 'a/b/out')
  root.symlink('..', 'a/b/c/up')
  root.mknod('a/fifo', fileTypes.fifo | 0o644)
  root.mknod('a/null', fileTypes.characterDevice | 0o666, 1, 3)
  root.removeAll('a')
  root.removeAll('a')
  assert.deepEqual(root.readdir('.'), [])
  assert.equal(readFileSync(join(host, 'secret'), 'utf8'), 'untouched')
})

test('a tree deeper than a path may be long is removed', needsRoot, (t) => {
  const { root } = fixture(t)
  const name = 'd'.repeat(200)
  let deepest = root.subdirectory('.')
  for (let depth = 0; depth < 100; depth++) {
    deepest.mkdir(name, 0o755)
    const next = deepest.subdirectory(name)
    deepest.close()
    deepest = next
  }
  deepest.close()
  root.removeContents('.')
  assert.deepEqual(root.readdir('.'), [])
})

test('names that are not UTF-8 are listed and removed', needsRoot, (t) => {
  const { root, path } = fixture(t)
  writeFileSync(Buffer.concat([Buffer.from(`${path}/`), Buffer.of(0xff, 0xfe)]), '')
  assert.deepEqual(root.readdir('/')[0]?.nameBytes, Buffer.of(0xff, 0xfe))
  root.removeContents('/')
  assert.deepEqual(root.readdir('/'), [])
})

test('mkdirAll follows links inside, and stops at what is no directory', needsRoot, (t) => {
  const { root } = fixture(t)
  assert.equal(root.mkdirAll('real/sub', 0o755), 2)
  root.symlink('/real', 'link')
  assert.equal(root.mkdirAll('link/sub/more', 0o700), 1)
  assert.equal((root.stat('real/sub/more')?.mode ?? 0) & 0o777, 0o700)
  write(root, 'file', '')
  assert.throws(() => root.mkdirAll('file/x', 0o755), { code: 'ENOTDIR' })
  root.symlink('missing', 'dangling')
  assert.throws(() => root.mkdirAll('dangling', 0o755), { code: 'ENOTDIR' })
  assert.equal(root.mkdirAll('/', 0o755), 0)
})

test('the root itself can be changed but not removed or replaced', needsRoot, (t) => {
  const { root, path } = fixture(t)
  root.chmod('/', 0o711)
  root.chown('.', 3, 4)
  root.utimes('', 5n, 6n)
  const stat = root.lstat('/')
  assert.deepEqual([(stat?.mode ?? 0) & 0o777, stat?.uid, stat?.mtimeNs], [0o711, 3, 6n])
  for (const bad of ['/', '.', 'a/..', '..']) {
    assert.throws(() => root.rmdir(bad), { code: 'EINVAL' }, bad)
    assert.throws(() => root.symlink('x', bad), { code: 'EINVAL' }, bad)
  }
  assert.ok(existsSync(path))
})

test('device numbers that do not fit are refused, not cut', needsRoot, (t) => {
  const { root } = fixture(t)
  for (const [major, minor] of [
    [4096, 0],
    [1, 1 << 20],
    [-1, 0],
    [2 ** 31, 3],
    [1.5, 3],
    [Number.NaN, 0],
  ] as const) {
    assert.throws(() => root.mknod('dev', fileTypes.characterDevice, major, minor), { code: 'EINVAL' })
  }
  root.mknod('dev', fileTypes.blockDevice, 4095, (1 << 20) - 1)
  const stat = root.lstat('dev')
  assert.deepEqual([stat?.rdevMajor, stat?.rdevMinor], [4095, (1 << 20) - 1])
})

test('a path with a zero byte is refused, not cut', needsRoot, (t) => {
  const { root } = fixture(t)
  assert.throws(() => root.mkdir('a\0b', 0o755), TypeError)
})

test('open parent folders are forgotten when names change', needsRoot, (t) => {
  const { path } = fixture(t)
  using root = RootDirectory.open(path, { cacheParents: true })
  root.mkdirAll('a/b', 0o755)
  write(root, 'a/b/one', '1')
  root.rename('a', 'z')
  assert.throws(() => root.createFile('a/b/two', 0o644), { code: 'ENOENT' })
  root.mkdirAll('a/b', 0o755)
  write(root, 'a/b/two', '2')
  assert.ok(existsSync(join(path, 'a/b/two')))
})

test('while somebody swaps a directory with a link, nothing lands on the host', needsRoot, async (t) => {
  const { root, host, path } = fixture(t)
  mkdirSync(join(path, 'dir'))
  symlinkSync(host, join(path, 'evil'))
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const swap = `const { renameSync } = require('node:fs'), { workerData } = require('node:worker_threads')
    const p = workerData.path
    while (!Atomics.load(workerData.stop, 0)) {
      renameSync(p + '/dir', p + '/spare'); renameSync(p + '/evil', p + '/dir')
      renameSync(p + '/dir', p + '/evil'); renameSync(p + '/spare', p + '/dir')
    }`
  const worker = new Worker(swap, { eval: true, workerData: { path, stop } })
  const exited = new Promise((resolve) => worker.once('exit', resolve))
  let landed = 0
  try {
    await new Promise((resolve) => worker.once('online', resolve))
    for (let i = 0; i < 5000; i++) {
      try {
        closeSync(root.createFile(`dir/f${i}`, 0o644))
        landed++
      } catch {}
    }
  } finally {
    Atomics.store(stop, 0, 1)
    await exited
  }
  assert.ok(landed > 0)
  assert.equal(readFileSync(join(host, 'secret'), 'utf8'), 'untouched')
  using outside = RootDirectory.open(host)
  assert.deepEqual(
    outside.readdir('.').map(({ name }) => name),
    ['secret'],
  )
})

test('magic links of proc are not followed out of a root', needsRoot, () => {
  using root = RootDirectory.open('/proc/self')
  assert.throws(() => root.openFile('root/etc/passwd', constants.O_RDONLY), { code: 'ELOOP' })
})

test('rename with noReplace keeps what is there', needsRoot, (t) => {
  const { root, path } = fixture(t)
  write(root, 'a', 'a')
  write(root, 'b', 'b')
  assert.throws(() => root.rename('a', 'b', { noReplace: true }), { code: 'EEXIST' })
  root.rename('a', 'b')
  assert.equal(readFileSync(join(path, 'b'), 'utf8'), 'a')
  renameSync(join(path, 'b'), join(path, 'c'))
})
