// SPDX-License-Identifier: Apache-2.0
// The life of containers under Debian's dockerd: what its commands do and say is the same with runc, with our runtime
// under the original shim, and with our shim in its place.
import assert from 'node:assert/strict'
import { withColumns } from './harness/docker-columns.ts'
import { compareWalks } from './harness/docker-compare.ts'
import { execWalks } from './harness/docker-walk-exec.ts'
import { fileWalks } from './harness/docker-walk-files.ts'
import { lifeWalks } from './harness/docker-walk-life.ts'
import { limitWalks } from './harness/docker-walk-limits.ts'
import { sandboxTest } from './harness/sandbox.ts'

sandboxTest('docker, command by command', async (sandbox) => {
  const walks = { ...execWalks, ...limitWalks, ...lifeWalks, ...fileWalks }
  await withColumns(sandbox, async (columns) => {
    assert.equal((await compareWalks(sandbox, columns, walks)).join('\n'), '')
  })
})
