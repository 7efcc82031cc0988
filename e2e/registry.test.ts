// SPDX-License-Identifier: Apache-2.0
// skopeo to and from our registry; our client against Debian's docker-registry.
import assert from 'node:assert/strict'
import { createRegistryClient } from '@teu/image-registry/client'
import { startRegistry } from './harness/originals.ts'
import { imageArchive } from './harness/programs.ts'
import { sandboxTest, until } from './harness/sandbox.ts'

sandboxTest('skopeo copies to and from our registry', async (sandbox) => {
  sandbox.daemon('teu-registry', 'teu-registry', ['serve', '--addr', '127.0.0.1:5001', '--root', sandbox.path('store')])
  await until(
    'the registry answers',
    async () => (await sandbox.run('curl', ['-sf', 'http://127.0.0.1:5001/v2/'])).status === 0,
  )
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
