// SPDX-License-Identifier: Apache-2.0
// The options that ctr gives a task besides its specification, which Go's client packs into another message for each runtime's
// name: it reaches the original shim by its name, and ours by its own, under both containerds.
import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { Ctr } from './harness/ctr.ts'
import { startContainerd } from './harness/originals.ts'
import { sandboxTest } from './harness/sandbox.ts'
import { startOurContainerd } from './harness/stack.ts'

const runc = ['--runtime', 'io.containerd.runc.v2']
const ours = ['--runtime', 'io.containerd.teu.v1']

for (const [what, start, runtimes] of [
  ["Debian's containerd", startContainerd, [runc, ours]],
  ['teu-containerd', startOurContainerd, [runc, ours]],
] as const) {
  sandboxTest(`ctr run --no-pivot on ${what} works with the original shim and with ours`, async (sandbox) => {
    const ctr = new Ctr(sandbox, await start(sandbox))
    await ctr.importBusybox()
    for (const [index, runtime] of runtimes.entries()) {
      const flags = ['--rm', '--no-pivot', ...runtime]
      const result = await ctr.start(`moved-${index}`, flags, ['sh', '-c', 'echo inside; exit 7'])
      assert.deepEqual([result.status, result.stdout], [7, 'inside\n'], `${runtime[1]}: ${result.stderr}`)
    }
  })

  sandboxTest(`ctr run --uidmap on ${what} works with the original shim and with ours`, async (sandbox) => {
    // Which the sandbox is not, as opposed to /run.
    chmodSync(sandbox.path(), 0o711)
    const ctr = new Ctr(sandbox, await start(sandbox))
    await ctr.importBusybox()
    for (const [index, runtime] of runtimes.entries()) {
      const maps = ['--uidmap', '0:100000:1000', '--gidmap', '0:100000:1000']
      const result = await ctr.start(`mapped-${index}`, ['--rm', ...maps, ...runtime], ['cat', '/proc/self/uid_map'])
      assert.equal(result.status, 0, `${runtime[1]}: ${result.stderr}`)
      assert.deepEqual(result.stdout.trim().split(/\s+/), ['0', '100000', '1000'])
    }
  })
}
