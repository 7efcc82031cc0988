// SPDX-License-Identifier: Apache-2.0
// The life of containers under Debian's dockerd: what its commands do and say is the same with runc, with our runtime
// under the original shim, and with our shim in its place.
import { type Walk, walkAll, withColumns } from './harness/docker-columns.ts'
import { execWalks } from './harness/docker-walk-exec.ts'
import { fileWalks } from './harness/docker-walk-files.ts'
import { lifeWalks } from './harness/docker-walk-life.ts'
import { limitWalks } from './harness/docker-walk-limits.ts'
import { sandboxTest } from './harness/sandbox.ts'

const walks: Record<string, Walk> = { ...execWalks, ...limitWalks, ...lifeWalks, ...fileWalks }

sandboxTest('docker, command by command', async (sandbox) => {
  const rows = Object.entries(walks).values()
  await withColumns(sandbox, async (columns) => {
    const failures: string[] = []
    // Most of a walk is waiting: two lines of them take turns.
    const line = async () => {
      for (const [name, walk] of rows) failures.push(...(await walkAll(sandbox, columns, name, walk)))
    }
    await Promise.all([line(), line()])
    if (failures.length > 0) throw new Error(failures.join('\n'))
  })
})
