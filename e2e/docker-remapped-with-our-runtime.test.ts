// SPDX-License-Identifier: Apache-2.0
// Debian's dockerd with `--userns-remap`: containers in user namespaces are the same with runc, with our runtime under
// the original shim, and with our shim in its place.
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { remappedCases } from './harness/docker-cases-remapped.ts'
import { withColumns } from './harness/docker-columns.ts'
import { compareCases, compareWalks } from './harness/docker-compare.ts'
import { execWalks } from './harness/docker-walk-exec.ts'
import { fileWalks } from './harness/docker-walk-files.ts'
import { sandboxTest } from './harness/sandbox.ts'

sandboxTest('docker with --userns-remap', async (sandbox) => {
  // The host's root owns everything on the way to a container's files.
  chmodSync(sandbox.directory, 0o711)
  mkdirSync(sandbox.path('data'))
  writeFileSync(sandbox.path('data', 'file'), 'for root\n', { mode: 0o600 })
  await sandbox.output('mknod', ['-m', '644', sandbox.path('device'), 'c', '10', '250'])
  // In its mount namespace alone somebody has ids to give away.
  writeFileSync(sandbox.path('subid'), 'daemon:200000:65536\n')
  const mounts = ['/etc/subuid', '/etc/subgid'].map((file) => `mount --bind ${sandbox.path('subid')} ${file}`)
  const under = ['unshare', '--mount', 'sh', '-c', `${mounts.join(' && ')} && exec "$@"`, 'sh']
  const flags = ['--bridge=none', '--userns-remap=daemon']
  const walks = {
    exec: execWalks['exec: streams, statuses, flags'],
    'run -it': execWalks['run -it'],
    'exec -it': execWalks['exec -it'],
    'cp both ways': fileWalks['cp both ways'],
  }
  await withColumns(
    sandbox,
    async (columns) => {
      const failures = await compareCases(sandbox, columns, remappedCases(sandbox.directory))
      failures.push(...(await compareWalks(sandbox, columns, walks)))
      assert.equal(failures.join('\n'), '')
    },
    { flags, under },
  )
})
