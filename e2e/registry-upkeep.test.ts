// SPDX-License-Identifier: Apache-2.0
// gc, fsck, stats, export and import by the program, on directories that skopeo, docker and Debian's docker-registry
// filled; what is left is judged by them.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { startRegistry } from './harness/originals.ts'
import { imageArchive } from './harness/programs.ts'
import { blobFile, dockerAt, fill, ourAddress, skopeo, skopeoOutput, startTeuRegistry } from './harness/registries.ts'
import { type Sandbox, sandboxTest } from './harness/sandbox.ts'

interface Manifest {
  config: { digest: string }
  layers: { digest: string; size: number }[]
}

const manifestOf = async (sandbox: Sandbox, reference: string) =>
  JSON.parse(await skopeoOutput(sandbox, 'inspect', '--raw', '--tls-verify=false', `docker://${reference}`)) as Manifest

const upkeep = (sandbox: Sandbox, root = 'store') => {
  const run = (command: string, ...args: string[]) =>
    sandbox.run('teu-registry', [command, '--root', sandbox.path(root), ...args])
  const json = async (command: string, ...args: string[]) => {
    const { status, stdout, stderr } = await run(command, '--json', ...args)
    assert.equal(status, 0, `${command} ${args.join(' ')}\n${stdout}${stderr}`)
    return JSON.parse(stdout)
  }
  return { run, json }
}

sandboxTest('gc takes what skopeo deleted, and nothing that docker pushed; not beside a registry', async (sandbox) => {
  const registry = await startTeuRegistry(sandbox, ['--delete'])
  const { output, loaded } = await dockerAt(sandbox)
  const kept = `${ourAddress}/team/kept:1`
  await output('tag', loaded, kept)
  await output('push', '-q', kept)
  // Of another compression, so that it shares no layer with docker's.
  const gone = `${ourAddress}/team/gone:1`
  const filled = await fill(sandbox, gone, '--format', 'oci', '--dest-compress-format', 'zstd')
  assert.equal(filled.status, 0, filled.stderr)
  const [stays, goes] = [await manifestOf(sandbox, kept), await manifestOf(sandbox, gone)]
  await skopeoOutput(sandbox, 'delete', '--tls-verify=false', `docker://${gone}`)

  const { run, json } = upkeep(sandbox)
  const beside = await json('gc', '--grace', '0s', '--dry-run')
  assert.ok(beside.dryRun && beside.bytes > 0)
  const wellBeside = await run('fsck')
  assert.equal(wellBeside.status, 0, wellBeside.stdout)
  for (const args of [
    ['gc', '--grace', '0s'],
    ['fsck', '--repair'],
  ] as [string, ...string[]][]) {
    const { status, stdout, stderr } = await run(...args)
    assert.deepEqual([status, stdout], [1, ''], args.join(' '))
    assert.match(stderr, /^teu-registry: .*\/store\/teu\/index\.db: another registry uses this storage\n$/)
  }
  // What was refused changed nothing, and the registry goes on.
  await skopeoOutput(sandbox, 'inspect', '--tls-verify=false', `docker://${kept}`)
  await sandbox.stop(registry)

  // The configuration is the same in both, whatever compressed the layers.
  const freed = goes.layers.filter(({ digest }) => !stays.layers.some((layer) => layer.digest === digest))
  assert.ok(freed.length > 0)
  const dry = await json('gc', '--grace', '0s', '--dry-run')
  const before = await json('stats')
  assert.equal(before.unreferenced.bytes, dry.bytes)
  for (const { digest } of freed) readFileSync(blobFile(sandbox.path('store'), digest))
  const done = await json('gc', '--grace', '0s')
  assert.deepEqual({ ...done, dryRun: true }, dry)
  for (const { digest } of freed)
    assert.throws(() => readFileSync(blobFile(sandbox.path('store'), digest)), { code: 'ENOENT' })
  const after = await json('stats')
  assert.equal(after.content.bytes, before.content.bytes - done.bytes)
  assert.deepEqual(after.unreferenced, { count: 0, bytes: 0 })
  assert.equal(after.total.bytes, Number(await sandbox.output('sh', ['-c', countBytes, 'sh', sandbox.path('store')])))
  const well = await run('fsck')
  assert.equal(well.status, 0, well.stdout)
  assert.match(well.stdout, /^all is well: /)

  await startTeuRegistry(sandbox)
  await skopeoOutput(sandbox, 'copy', '--src-tls-verify=false', `docker://${kept}`, `dir:${sandbox.path('out')}`)
  await output('rmi', kept, loaded)
  assert.match(await output('pull', kept), /Downloaded newer image/)
})

const countBytes = 'find "$1" -type f -printf "%s\\n" | awk \'{ sum += $1 } END { print sum }\''

sandboxTest('fsck names what is damaged; repaired and pushed again, the image is whole', async (sandbox) => {
  const registry = await startTeuRegistry(sandbox)
  const image = `${ourAddress}/team/app:1`
  await fill(sandbox, image)
  const { config, layers } = await manifestOf(sandbox, image)
  const [layer] = layers as [Manifest['layers'][number]]
  await sandbox.stop(registry)

  const root = sandbox.path('store')
  const bytes = readFileSync(blobFile(root, layer.digest))
  bytes[1000] = (bytes[1000] ?? 0) ^ 1
  writeFileSync(blobFile(root, layer.digest), bytes)
  rmSync(blobFile(root, config.digest))
  const uploads = `${root}/docker/registry/v2/repositories/team/app/_uploads`
  mkdirSync(`${uploads}/not-an-upload`, { recursive: true })
  writeFileSync(`${uploads}/not-an-upload/data`, 'left')

  const { run, json } = upkeep(sandbox)
  const found = await run('fsck')
  assert.equal(found.status, 1)
  assert.match(found.stdout, new RegExp(`^corrupt-blob: .*${layer.digest}`, 'm'))
  assert.match(found.stdout, new RegExp(`^missing-blob: .*${config.digest}`, 'm'))
  assert.match(found.stdout, /^\d+ findings: /m)
  // Looking changes nothing.
  assert.deepEqual(readFileSync(blobFile(root, layer.digest)), bytes)
  const { stdout } = await run('fsck', '--repair', '--json')
  const repaired = JSON.parse(stdout).findings as { kind: string; repaired: boolean }[]
  assert.ok(repaired.filter(({ kind }) => /^(corrupt|missing)-blob$/.test(kind)).every((one) => one.repaired))

  // What points at it is still there, and is told by who serves it as by who checks it, until somebody brings the bytes.
  const again = await startTeuRegistry(sandbox)
  const broken = await skopeo(
    sandbox,
    'copy',
    '--src-tls-verify=false',
    `docker://${image}`,
    `dir:${sandbox.path('out')}`,
  )
  assert.notEqual(broken.status, 0)
  assert.match(broken.stderr, /blob unknown|404|BLOB_UNKNOWN/)
  const pushed = await fill(sandbox, image)
  assert.equal(pushed.status, 0, pushed.stderr)
  await skopeoOutput(sandbox, 'copy', '--src-tls-verify=false', `docker://${image}`, `dir:${sandbox.path('out')}`)
  await sandbox.stop(again)
  await json('gc', '--uploads', '0s', '--grace', '0s')
  const well = await run('fsck')
  assert.deepEqual([well.status, well.stdout.startsWith('all is well: ')], [0, true], well.stdout)
})

sandboxTest('export and import carry an image between directories by layouts that skopeo reads', async (sandbox) => {
  const registry = await startTeuRegistry(sandbox)
  const image = `${ourAddress}/team/app:1`
  await fill(sandbox, image, '--format', 'oci')
  const { config } = await manifestOf(sandbox, image)
  const at = (name: string) => sandbox.path(name)
  const { run } = upkeep(sandbox)
  // Beside the registry that serves it.
  for (const target of ['layout', 'layout.tar']) {
    const { status, stderr } = await run('export', 'team/app:1', at(target))
    assert.equal(status, 0, stderr)
  }
  await sandbox.stop(registry)
  for (const place of [`oci:${at('layout')}:1`, `oci-archive:${at('layout.tar')}:1`]) {
    const { Os } = JSON.parse(await skopeoOutput(sandbox, 'inspect', place)) as { Os: string }
    assert.equal(Os, 'linux')
    await skopeoOutput(sandbox, 'copy', place, `dir:${at('dir')}`)
  }
  await skopeoOutput(sandbox, 'copy', `docker-archive:${imageArchive('busybox')}`, `oci-archive:${at('theirs.tar')}:2`)

  mkdirSync(at('second'))
  const second = upkeep(sandbox, 'second')
  await second.json('import', at('layout'), 'copy/app:1')
  await second.json('import', at('theirs.tar'), 'copy/app:2')
  assert.equal((await second.run('fsck')).status, 0)
  await startTeuRegistry(sandbox, [], { name: 'second' })
  const copy = `${ourAddress}/copy/app`
  assert.equal((await manifestOf(sandbox, `${copy}:1`)).config.digest, config.digest)
  const { output } = await dockerAt(sandbox)
  for (const tag of ['1', '2']) assert.match(await output('pull', `${copy}:${tag}`), /Digest: sha256:/)
})

sandboxTest(
  "what Debian's docker-registry stored is checked and collected, and it serves what is left",
  async (sandbox) => {
    const { process, address } = await startRegistry(sandbox)
    await fill(sandbox, `${address}/team/gone:1`, '--format', 'oci', '--dest-compress-format', 'zstd')
    await skopeoOutput(sandbox, 'delete', '--tls-verify=false', `docker://${address}/team/gone:1`)
    await sandbox.stop(process)
    const { json, run } = upkeep(sandbox, 'registry')
    assert.equal((await run('fsck')).status, 0)
    const { bytes } = await json('gc', '--grace', '0s', '--untagged', '0s')
    assert.ok(bytes > 0)
    assert.equal((await run('fsck')).status, 0)
    const again = await startRegistry(sandbox, [])
    const copy = [
      'copy',
      '--src-tls-verify=false',
      `docker://${again.address}/busybox:latest`,
      `dir:${sandbox.path('out')}`,
    ]
    await skopeoOutput(sandbox, ...copy)
  },
)
