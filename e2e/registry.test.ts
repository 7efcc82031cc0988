// SPDX-License-Identifier: Apache-2.0
// skopeo to and from our registry; our client against Debian's docker-registry.
import assert from 'node:assert/strict'
import path from 'node:path'
import { startRegistry } from './harness/originals.ts'
import { imageArchive, repository } from './harness/programs.ts'
import { startTeuRegistry } from './harness/registries.ts'
import { sandboxTest } from './harness/sandbox.ts'

sandboxTest('skopeo copies to and from our registry', async (sandbox) => {
  await startTeuRegistry(sandbox)
  const skopeo = (...args: string[]) => sandbox.output('skopeo', ['--insecure-policy', ...args])
  const remote = 'docker://127.0.0.1:5001/team/busybox:1'
  await skopeo('copy', '--dest-tls-verify=false', `docker-archive:${imageArchive('busybox')}`, remote)
  await skopeo(
    'copy',
    '--format',
    'oci',
    '--dest-tls-verify=false',
    `docker-archive:${imageArchive('busybox')}`,
    `${remote}-oci`,
  )
  const inspected = JSON.parse(await skopeo('inspect', '--tls-verify=false', remote))
  assert.deepEqual(inspected.RepoTags, ['1', '1-oci'])
  await skopeo('copy', '--src-tls-verify=false', `${remote}-oci`, `oci:${sandbox.path('layout')}:busybox`)
  await skopeo('copy', `oci:${sandbox.path('layout')}:busybox`, `docker-archive:${sandbox.path('back.tar')}:busybox:1`)
  await skopeo('delete', '--tls-verify=false', remote).catch((error: unknown) =>
    assert.match(String(error), /UNSUPPORTED|405|unsupported/i),
  )
})

sandboxTest("our client pulls from and pushes to Debian's docker-registry", async (sandbox) => {
  const { address } = await startRegistry(sandbox)
  const program = ['--conditions=teu-source', path.join(repository, 'e2e/programs/copy-image.ts')]
  const copy = (source: string, target: string) => sandbox.run(process.execPath, [...program, source, target])
  const copied = await copy(`${address}/busybox:latest`, `${address}/team/copy:1`)
  assert.equal(copied.status, 0, copied.stderr)
  const inspect = [
    '--insecure-policy',
    'inspect',
    '--tls-verify=false',
    '--format',
    '{{.Digest}}',
    `docker://${address}/team/copy:1`,
  ]
  assert.equal(await sandbox.output('skopeo', inspect), copied.stdout)
  const missing = await copy(`${address}/absent:1`, `${address}/x:1`)
  assert.equal(missing.status, 1)
  assert.match(missing.stderr, /absent.*(not found|unknown)|manifest unknown/i)
})
