// SPDX-License-Identifier: Apache-2.0
// The docker CLI on our engine: what becomes of images, volumes and the disk.
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { docker, startRegistry } from './harness/originals.ts'
import { type Sandbox, sandboxTest } from './harness/sandbox.ts'
import { startTeud, teu } from './harness/stack.ts'

/** Our stack with a registry beside it, the docker CLI on its socket, and busybox pulled. */
async function stack(sandbox: Sandbox) {
  const registry = await startRegistry(sandbox)
  const engine = await startTeud(sandbox)
  const run = (...args: string[]) => docker(sandbox, engine.socket, ...args)
  const output = async (...args: string[]) => {
    const result = await run(...args)
    assert.equal(result.status, 0, `docker ${args.join(' ')}\n${result.stdout}${result.stderr}`)
    return result.stdout
  }
  const image = `${registry.address}/busybox`
  await output('pull', image)
  return { registry, engine, run, output, image }
}

sandboxTest('system df counts images, containers and volumes, with their shares and users', async (sandbox) => {
  const { output, image } = await stack(sandbox)
  await output('volume', 'create', 'named')
  const id = (await output('create', '-v', 'named:/data', image, 'true')).trim()
  await output('run', '--rm', '-v', 'named:/data', image, 'sh', '-c', 'echo 12345 >/data/file')
  const short = await output('system', 'df')
  assert.match(short, /^TYPE +TOTAL +ACTIVE +SIZE +RECLAIMABLE\nImages +1 +1 +\S+ +0B \(0%\)\nContainers +1 +0 /)
  assert.match(short, /Local Volumes +1 +1 +6B +0B \(0%\)/)
  const long = await output('system', 'df', '-v')
  assert.match(long, new RegExp(`${image} +latest +[0-9a-f]{12} +.* ago +\\S+ +0B +\\S+ +1\n`))
  assert.match(long, new RegExp(`\n${id.slice(0, 12)} +${image} `))
  assert.match(long, /\nnamed +1 +6B\n/)
})

sandboxTest('volume prune keeps named volumes, and those that a label! filter names', async (sandbox) => {
  const { output } = await stack(sandbox)
  await output('volume', 'create', 'plain')
  await output('volume', 'create', '--label', 'keep', 'kept')
  const anonymous = (await output('volume', 'create')).trim()
  const first = await output('volume', 'prune', '-f')
  assert.equal(first, `Deleted Volumes:\n${anonymous}\n\nTotal reclaimed space: 0B\n`)
  const second = await output('volume', 'prune', '-af', '--filter', 'label!=keep')
  assert.equal(second, 'Deleted Volumes:\nplain\n\nTotal reclaimed space: 0B\n')
  assert.equal(await output('volume', 'ls', '-q'), 'kept\n')
})

sandboxTest('save, load, pull -a and rmi mean what their names say', async (sandbox) => {
  const { output, run, image } = await stack(sandbox)
  const file = sandbox.path('saved.tar')
  await output('tag', image, 'team/app:one')
  await output('tag', image, 'team/app:two')
  await output('save', '-o', file, 'team/app')
  await output('rmi', 'team/app:one', 'team/app:two')
  const loaded = await output('load', '-i', file)
  assert.deepEqual(loaded.trim().split('\n').toSorted(), ['Loaded image: team/app:one', 'Loaded image: team/app:two'])
  await output('tag', image, `${image}:other`)
  await output('push', '-a', image)
  await output('rmi', `${image}:other`)
  const all = await output('pull', '-a', image)
  assert.match(all, /latest: Pulling from busybox\nDigest: [\s\S]*other: Pulling from busybox\nDigest: /)
  assert.match(await output('pull', image), /^Using default tag: latest\nlatest: Pulling from busybox\nDigest: sha256/)
  const refusals: [args: string[], text: RegExp][] = [
    [['tag', image, 'sha256:foo'], /refusing to create an ambiguous tag using digest algorithm as name/],
    [['pull', '--platform', 'foobar', image], /"foobar": unknown operating system or architecture: invalid argument/],
    [['rmi', '--platform', 'linux/s390x', image], /does not provide the specified platform \(linux\/s390x\)/],
    [['save', '--platform', 'linux/s390x', '-o', file, image], /does not provide the specified platform/],
    [['push', '--platform', 'linux/s390x', image], /does not provide the specified platform/],
    [['image', 'inspect', '--platform', 'linux/s390x', image], /does not provide the specified platform/],
    [['load', '--platform', 'linux/s390x', '-i', file], /does not provide the specified platform/],
  ]
  for (const [args, text] of refusals) {
    const { status, stderr } = await run(...args)
    assert.equal(status, 1, args.join(' '))
    assert.match(stderr, text)
  }
  writeFileSync(sandbox.path('junk.tar'), 'x'.repeat(2000))
  const junk = await run('load', '-i', sandbox.path('junk.tar'))
  assert.equal(junk.status, 1)
  assert.match(junk.stderr, /^archive\/tar: invalid tar header/)
  assert.match(await output('images'), new RegExp(`${image} +latest `))
})

sandboxTest('a docker plugin under teu acts on the engine that teu acts on', async (sandbox) => {
  const { engine, image } = await stack(sandbox)
  const config = sandbox.path('docker-config')
  mkdirSync(`${config}/cli-plugins`, { recursive: true, mode: 0o755 })
  // A plugin that hands its own words and environment to the docker CLI, as compose does to its library.
  const script = '#!/bin/sh\nexec docker $(echo "$*" | sed "s/ names$//") ps -aq --no-trunc\n'
  writeFileSync(`${config}/cli-plugins/docker-names`, script)
  chmodSync(`${config}/cli-plugins/docker-names`, 0o755)
  const { stdout: id } = await teu(sandbox, engine.socket, 'create', image)
  const { stdout, stderr } = await teu(sandbox, engine.socket, '--config', config, 'names')
  assert.deepEqual([stdout, stderr], [id, ''])
})
