// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { RootDirectory, removeInSlices, sizeInSlices } from '@teu/linux'

const needsRoot = { skip: process.getuid?.() === 0 ? false : 'needs root' }

function fixture(t: TestContext): { root: RootDirectory; path: string; host: string } {
  const folder = mkdtempSync(join(tmpdir(), 'teu-slices-'))
  const [path, host] = [join(folder, 'root'), join(folder, 'host')]
  mkdirSync(path)
  mkdirSync(host)
  writeFileSync(join(host, 'secret'), 'x'.repeat(1000))
  const root = RootDirectory.open(path)
  t.after(() => {
    root.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return { root, path, host }
}

/** A chain of folders, each in the one before; longer than any path may be. */
function deepTree(root: RootDirectory, depth: number): void {
  let folder = root.subdirectory('.')
  for (let level = 0; level < depth; level++) {
    folder.mkdir('d', 0o755)
    const next = folder.subdirectory('d')
    folder.close()
    folder = next
  }
  folder.mkdir('last', 0o755)
  folder.close()
}

test('a mount below a tree ends its removal, and keeps its files', needsRoot, (t) => {
  const { path, host } = fixture(t)
  mkdirSync(join(path, 'tree', 'mounted'), { recursive: true })
  const program = `
    import { RootDirectory, removeInSlices } from '${import.meta.resolve('@teu/linux')}'
    using root = RootDirectory.open('${path}')
    const codes = []
    try { root.removeAll('tree') } catch (error) { codes.push(error.code) }
    await removeInSlices(root, 'tree').catch((error) => codes.push(error.code))
    console.log(codes.join())`
  const script = `mount --bind "$0" "$1" && exec "$2" --conditions=teu-source --input-type=module -e "$3"`
  const args = [host, join(path, 'tree', 'mounted'), process.execPath, program]
  const printed = execFileSync('unshare', ['--mount', 'sh', '-c', script, ...args], { encoding: 'utf8' })
  assert.equal(printed, 'EBUSY,EBUSY\n')
  assert.deepEqual(readdirSync(host), ['secret'])
})

test('a tree deeper than descriptors are many is removed', needsRoot, async (t) => {
  const { root, path } = fixture(t)
  const most = () => readdirSync('/proc/self/fd').length
  const before = most()
  for (const remove of [async () => root.removeAll('d'), () => removeInSlices(root, 'd')]) {
    deepTree(root, 1000)
    let open = 0
    const watch = setInterval(() => {
      open = Math.max(open, most())
    }, 1)
    await remove()
    clearInterval(watch)
    assert.ok(open <= before + 70, `${open} descriptors`)
    assert.deepEqual(readdirSync(path), [])
  }
  assert.equal(most(), before)
})

test('other work runs while a large tree is removed', needsRoot, async (t) => {
  const { root, path } = fixture(t)
  mkdirSync(join(path, 'tree'))
  for (let i = 0; i < 20_000; i++) writeFileSync(join(path, 'tree', `f${i}`), '')
  let turns = 0
  const counting = setInterval(() => turns++, 1)
  await removeInSlices(root, 'tree')
  clearInterval(counting)
  assert.ok(turns > 1, `${turns} turns`)
  assert.deepEqual(readdirSync(path), [])
  await removeInSlices(root, 'tree')
})

test('a size counts each file once, and neither links nor what they lead to', needsRoot, async (t) => {
  const { root, path, host } = fixture(t)
  mkdirSync(join(path, 'tree', 'sub'), { recursive: true })
  writeFileSync(join(path, 'tree', 'a'), 'a'.repeat(100))
  linkSync(join(path, 'tree', 'a'), join(path, 'tree', 'sub', 'same'))
  writeFileSync(join(path, 'tree', 'sub', 'b'), 'b'.repeat(10))
  assert.equal(await sizeInSlices(root, 'tree'), 110)
  symlinkSync(host, join(path, 'tree', 'out'))
  symlinkSync(host, join(path, 'link'))
  assert.equal(await sizeInSlices(root, 'tree'), 110 + host.length)
  assert.equal(await sizeInSlices(root, 'link'), 0)
  assert.equal(await sizeInSlices(root, 'missing'), 0)
})
