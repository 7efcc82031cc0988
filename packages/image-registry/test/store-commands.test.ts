// SPDX-License-Identifier: Apache-2.0
// The commands that work on a registry's directory.
import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import test from 'node:test'
import { buildProgramImage, makeIndex } from '@teu/image-registry/image'
import { openLayout, writeLayout } from '@teu/image-registry/layout'
import { createRegistry } from '@teu/image-registry/server'
import { parsePlatform } from '@teu/oci-spec/image'
import { inDirectory, run, succeed } from './run-command.ts'

const build = (platform: string) =>
  buildProgramImage({ program: Buffer.from(`program for ${platform}`), platform: parsePlatform(platform) })
const amd64 = await build('linux/amd64')
const index = makeIndex([amd64, await build('linux/arm64')])

test("a registry's directory is looked after", () =>
  inDirectory(async (directory) => {
    const root = path.join(directory, 'root')
    {
      await using registry = await createRegistry({ storage: root, deletes: true })
      await writeLayout(path.join(directory, 'layout'), [index])
      await succeed('push', path.join(directory, 'layout'), `${registry.address}/app:1`)
      await succeed('delete', '--by-digest', `${registry.address}/app:1`)
    }
    const gc = ['gc', '--root', root, '--grace', '0s', '--untagged', '0s']
    const dry = JSON.parse(await succeed(...gc, '--dry-run', '--json'))
    assert.ok(dry.dryRun && dry.blobs > 0)
    const done = JSON.parse(await succeed(...gc, '--json'))
    assert.deepEqual([done.dryRun, done.blobs, done.bytes], [false, dry.blobs, dry.bytes])
    assert.match(await succeed(...gc), /^removed 0 blobs \(0 B\)/)
    assert.match(await succeed('fsck', '--root', root), /^all is well: /)
    assert.deepEqual(JSON.parse(await succeed('stats', '--root', root, '--json')).repositories, [])
    assert.match(await succeed('stats', '--root', root), /^USE +FILES +SIZE\n/)
    const absent = await run(['fsck', '--root', path.join(directory, 'absent')])
    assert.deepEqual([absent.status, absent.stderr.includes('no such directory')], [1, true])
  }))

test('fsck finds what is wrong, and puts it right when asked to', () =>
  inDirectory(async (directory) => {
    const root = path.join(directory, 'root')
    await mkdir(root)
    {
      await using registry = await createRegistry({ storage: root })
      await writeLayout(path.join(directory, 'layout'), [amd64])
      await succeed('push', path.join(directory, 'layout'), `${registry.address}/app:1`)
    }
    const hex = amd64.manifest.config.digest.slice(7)
    await writeFile(path.join(root, `docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`), 'wrong')
    const found = await run(['fsck', '--root', root])
    assert.equal(found.status, 1)
    assert.match(found.stdout, /^corrupt-blob: /)
    const { stdout } = await run(['fsck', '--root', root, '--repair', '--json'])
    assert.ok(JSON.parse(stdout).findings.some(({ repaired }: { repaired: boolean }) => repaired))
  }))

test('an image goes from one directory by way of layouts to another', () =>
  inDirectory(async (directory) => {
    const at = (name: string) => path.join(directory, name)
    const [from, to] = [at('from'), at('to')]
    await writeLayout(at('given'), [index], { name: 'v1' })
    await mkdir(from)
    const digest = `${index.descriptor.digest}\n`
    assert.equal(await succeed('import', '--root', from, at('given'), 'team/app:v1'), digest)
    assert.equal(await succeed('export', '--root', from, 'team/app:v1', at('layout')), digest)
    await succeed('export', '--root', from, '--name', 'other', `team/app@${amd64.descriptor.digest}`, at('layout'))
    assert.equal(await succeed('export', '--root', from, 'team/app:v1', at('layout.tar')), digest)
    const layout = await openLayout(at('layout'))
    assert.deepEqual(
      [layout.find('v1').digest, layout.find('other').digest],
      [index.descriptor.digest, amd64.descriptor.digest],
    )
    await mkdir(to)
    const told = await succeed('import', '--root', to, '--json', `oci-archive:${at('layout.tar')}:v1`, 'copy')
    assert.deepEqual(JSON.parse(told), { ...index.descriptor, to: 'copy:latest' })
    await using registry = await createRegistry({ storage: to })
    await succeed('pull', '--quiet', `${registry.address}/copy`, at('pulled'))
    assert.equal((await openLayout(at('pulled'))).find('latest').digest, index.descriptor.digest)
    // Beside a registry that runs one may read, and not write.
    await succeed('export', '--root', to, 'copy', at('again'))
    const refused = await run(['import', '--root', to, at('again'), 'copy:2'])
    assert.deepEqual([refused.status, refused.stdout], [1, ''])
    assert.match(refused.stderr, /another registry uses this storage/)
  }))

test('what is damaged or missing is not exported, and no archive is left', () =>
  inDirectory(async (directory) => {
    const at = (name: string) => path.join(directory, name)
    await writeLayout(at('given'), [amd64], { name: 'v1' })
    await mkdir(at('root'))
    await succeed('import', '--root', at('root'), at('given'), 'app')
    const hex = amd64.manifest.config.digest.slice(7)
    const blob = at(`root/docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`)
    const bytes = await readFile(blob)
    bytes[3] = 0
    await writeFile(blob, bytes)
    for (const target of ['out', 'out.tar']) {
      const { status, stderr } = await run(['export', '--root', at('root'), 'app', at(target)])
      assert.equal(status, 1)
      assert.ok(stderr.includes(hex), stderr)
    }
    await assert.rejects(readFile(at('out.tar')), { code: 'ENOENT' })
    await assert.rejects(readFile(at('out/index.json')), { code: 'ENOENT' })
    const absent = await run(['export', '--root', at('root'), 'app:2', at('out')])
    assert.match(absent.stderr, /^teu-registry: no such manifest: app:2\n$/)
  }))
