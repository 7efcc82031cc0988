// SPDX-License-Identifier: Apache-2.0
// Images that go between teu-registry and the originals as files, and what skopeo does with a registry beside copying.
import assert from 'node:assert/strict'
import path from 'node:path'
import { docker, startContainerd, startDockerd, startRegistry } from './harness/originals.ts'
import { imageArchive, repository } from './harness/programs.ts'
import { ourAddress as address, startTeuRegistry } from './harness/registries.ts'
import { type Sandbox, sandboxTest, until } from './harness/sandbox.ts'

const archive = imageArchive('busybox')

const programs = (sandbox: Sandbox) => ({
  ours: (...args: string[]) => sandbox.output('teu-registry', args),
  skopeo: (...args: string[]) => sandbox.output('skopeo', ['--insecure-policy', ...args]),
})

/** What an image is known by: the digest of its configuration. */
async function idOf(sandbox: Sandbox, place: string): Promise<string> {
  const text = await sandbox.output('teu-registry', ['inspect', '--raw', place])
  return (JSON.parse(text) as { config: { digest: string } }).config.digest
}

sandboxTest('skopeo syncs, lists, inspects and deletes at our registry', async (sandbox) => {
  await startTeuRegistry(sandbox, ['--delete'])
  const { ours, skopeo } = programs(sandbox)
  for (const tag of ['1', '2']) await ours('push', '-q', archive, `${address}/team/busybox:${tag}`)
  const mirror = sandbox.path('mirror')
  await skopeo('sync', '--src-tls-verify=false', '--src', 'docker', '--dest', 'dir', `${address}/team/busybox`, mirror)
  await skopeo('sync', '--dest-tls-verify=false', '--src', 'dir', '--dest', 'docker', mirror, `${address}/synced`)
  const listed = JSON.parse(await skopeo('list-tags', '--tls-verify=false', `docker://${address}/synced/busybox`))
  assert.deepEqual(listed.Tags, ['1', '2'])
  const config = await skopeo('inspect', '--tls-verify=false', '--config', `docker://${address}/synced/busybox:1`)
  assert.equal((JSON.parse(config) as { os: string }).os, 'linux')
  await skopeo('delete', '--tls-verify=false', `docker://${address}/synced/busybox:1`)
  // By digest, and so with the other tag of it.
  assert.equal(await ours('tags', `${address}/synced/busybox`), '')
  assert.equal(await ours('tags', `${address}/team/busybox`), '1\n2\n')
})

sandboxTest('docker loads what we write, and we read what docker saves', async (sandbox) => {
  await startTeuRegistry(sandbox, ['--delete'])
  const { ours } = programs(sandbox)
  const { socket } = await startDockerd(sandbox)
  const output = async (...args: string[]) => {
    const { status, stdout, stderr } = await docker(sandbox, socket, ...args)
    assert.equal(status, 0, `docker ${args.join(' ')}\n${stderr}`)
    return stdout.trim()
  }
  const remote = `${address}/team/busybox:1`
  await ours('push', '-q', archive, remote)
  const id = await idOf(sandbox, remote)
  await ours('pull', '-q', '--format', 'docker-archive', remote, sandbox.path('ours.tar'))
  assert.match(await output('load', '-i', sandbox.path('ours.tar')), new RegExp(`Loaded image: ${remote}`))
  assert.equal(await output('image', 'inspect', '--format', '{{.Id}}', remote), id)
  await output('tag', remote, 'second:name')
  await output('save', '-o', sandbox.path('saved.tar'), remote, 'second:name')
  for (const compression of ['gzip', 'zstd', 'none']) {
    const again = `${address}/again:${compression}`
    await ours('push', '-q', '--name', remote, '--compression', compression, sandbox.path('saved.tar'), again)
    assert.equal(await idOf(sandbox, again), id)
  }
  // What docker knows by its id already is not fetched again: it is removed first.
  await output('rmi', remote, 'second:name')
  await output('pull', '-q', `${address}/again:gzip`)
  assert.equal(await output('image', 'inspect', '--format', '{{.Id}}', `${address}/again:gzip`), id)
})

sandboxTest('skopeo, podman and ctr read our layouts and archives, and we theirs', async (sandbox) => {
  const { ours, skopeo } = programs(sandbox)
  const { address: original } = await startRegistry(sandbox)
  const remote = `${original}/busybox:oci`
  // In a layout skopeo and podman look for the formats of OCI only.
  const oci = ['copy', '--format', 'oci', '--dest-tls-verify=false', `docker-archive:${archive}`, `docker://${remote}`]
  await skopeo(...oci)
  const id = await idOf(sandbox, remote)
  const at = (name: string) => sandbox.path(name)
  await ours('pull', '-q', '--name', 'one', remote, at('layout'))
  await ours('pull', '-q', '--name', 'one', remote, at('layout.tar'))
  await ours('pull', '-q', '--name', 'local/busybox:one', '--format', 'docker-archive', remote, at('docker.tar'))
  for (const place of [`oci:${at('layout')}:one`, `oci-archive:${at('layout.tar')}:one`]) {
    await skopeo('copy', place, `dir:${at('dir')}`)
    await skopeo('copy', '--dest-tls-verify=false', place, `docker://${original}/from-layout:1`)
    assert.equal(await idOf(sandbox, `${original}/from-layout:1`), id)
  }
  await skopeo('copy', `docker-archive:${at('docker.tar')}`, `oci:${at('theirs')}:two`)
  await skopeo('copy', `docker-archive:${at('docker.tar')}`, `oci-archive:${at('theirs.tar')}:two`)
  await skopeo('copy', `docker-archive:${archive}`, `docker-archive:${at('theirs-docker.tar')}:x/y:z`)
  for (const place of [`oci:${at('theirs')}:two`, `oci-archive:${at('theirs.tar')}:two`]) {
    await ours('copy', '-q', place, `${original}/from-theirs:1`)
    assert.equal(await sandbox.output('teu-registry', ['tags', `${original}/from-theirs`]), '1\n')
  }
  await ours('push', '-q', at('theirs-docker.tar'), `${original}/from-archive:1`)

  const own = ['--root', at('pod'), '--runroot', at('podrun'), '--tmpdir', at('podtmp'), '--storage-driver', 'vfs']
  const podman = (...args: string[]) =>
    sandbox.output('podman', [...own, '--cgroup-manager', 'cgroupfs', '--events-backend', 'none', ...args])
  assert.match(await podman('load', '-q', '-i', at('docker.tar')), /local\/busybox:one/)
  assert.equal(`sha256:${(await podman('images', '-q', '--no-trunc')).trim().replace('sha256:', '')}`, id)
  await podman('save', '-q', '--format', 'oci-archive', '-o', at('podman.tar'), 'local/busybox:one')
  await ours('copy', '-q', `oci-archive:${at('podman.tar')}`, `${original}/from-podman:1`)
  await podman('rmi', '-a', '-f')

  const { socket } = await startContainerd(sandbox)
  const ctr = (...args: string[]) => sandbox.output('ctr', ['-a', socket, ...args])
  await ctr('images', 'import', '--base-name', 'local/layout', at('layout.tar'))
  assert.match(await ctr('images', 'check'), /local\/layout:one .*complete/)
  const [name] = (await ctr('images', 'ls', '-q')).trim().split('\n')
  await ctr('images', 'export', at('ctr.tar'), name as string)
  await ours('copy', '-q', `oci-archive:${at('ctr.tar')}`, `${original}/from-ctr:1`)
  assert.equal(await idOf(sandbox, `${original}/from-ctr:1`), id)
})

sandboxTest('an image that no daemon built runs in docker', async (sandbox) => {
  await startTeuRegistry(sandbox, ['--delete'])
  const example = path.join(repository, 'examples/image-without-docker')
  const node = (...args: string[]) =>
    sandbox.output(process.execPath, ['--conditions=teu-source', ...args], { cwd: example, timeoutMs: 120_000 })
  await node('--input-type=module', '-e', `(await import('./node-base.ts')).pushNodeBase('${address}/node:24')`)
  await node('start.ts', `${address}/node:24`, `${address}/team/web:v1`)
  const { socket } = await startDockerd(sandbox)
  const run = ['run', '-d', '--name', 'web', '--network', 'none', `${address}/team/web:v1`]
  const { status, stderr } = await docker(sandbox, socket, ...run)
  assert.equal(status, 0, stderr)
  const inside = async (expression: string) =>
    (await docker(sandbox, socket, 'exec', 'web', 'node', '-e', `${expression}.then(console.log)`)).stdout
  const ask = `fetch('http://127.0.0.1:8080').then((answer) => answer.text())`
  await until('the app answers', async () => (await inside(ask)) === 'hello from an image that no daemon built\n\n')
  assert.equal(await inside('Promise.resolve(process.getuid())'), '1000\n')
  const removed = await docker(sandbox, socket, 'rm', '-f', 'web')
  assert.equal(removed.status, 0, removed.stderr)
})
