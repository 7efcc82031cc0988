// SPDX-License-Identifier: Apache-2.0
// Debian's dockerd with `--add-runtime teu=…`: every case has the same outcome with runc, with our runtime under the
// original shim, and with our shim in its place.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dockerCases, noMkdir } from './harness/docker-cases.ts'
import { withColumns } from './harness/docker-columns.ts'
import { compareCases } from './harness/docker-compare.ts'
import { sandboxTest } from './harness/sandbox.ts'

sandboxTest('docker run, flag by flag', async (sandbox) => {
  mkdirSync(sandbox.path('data'))
  writeFileSync(sandbox.path('seccomp.json'), JSON.stringify(noMkdir))
  await sandbox.output('mknod', ['-m', '644', sandbox.path('device'), 'c', '10', '250'])
  await withColumns(sandbox, async (columns) => {
    const failures = await compareCases(sandbox, columns, dockerCases(sandbox.directory))
    assert.equal(failures.join('\n'), '')
  })
})
