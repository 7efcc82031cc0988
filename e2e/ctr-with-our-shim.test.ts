// SPDX-License-Identifier: Apache-2.0
// Debian's containerd and ctr over every pairing of a shim and a runtime: the same walk gives the same outcomes on the
// original pair, with our runtime under the original shim, and with our shim over our runtime, runc and crun.
import { symlinkSync } from 'node:fs'
import { Ctr } from './harness/ctr.ts'
import { walkLong, walkOnce, walkTerminals, walkThroughRestart } from './harness/ctr-walk.ts'
import { startContainerd } from './harness/originals.ts'
import { type Sandbox, sandboxTest } from './harness/sandbox.ts'

/** One pairing: what `ctr run` says to get it, and what has to be laid out before containerd starts. */
interface Pairing {
  name: string
  flags: (sandbox: Sandbox) => string[]
  prepare?: (sandbox: Sandbox) => void
}

/** ctr names another runtime for runc's shim alone: so ours takes that name. */
function ourShimInPlace(sandbox: Sandbox): void {
  symlinkSync(sandbox.path('bin', 'containerd-shim-teu-v1'), sandbox.path('bin', 'containerd-shim-runc-v2'))
}

const runcShim = (binary: string) => ['--runtime', 'io.containerd.runc.v2', '--runc-binary', binary]

const pairings: Pairing[] = [
  { name: 'the original shim and runc', flags: () => runcShim('/usr/sbin/runc') },
  { name: 'the original shim and teu-runtime', flags: (sandbox) => runcShim(sandbox.path('bin', 'teu-runtime')) },
  { name: 'our shim and runtime', flags: () => ['--runtime', 'io.containerd.teu.v1'] },
  {
    name: 'our shim and teu-runtime as a program',
    // By its own name the shim knows it, and loads the library instead.
    flags: (sandbox) => runcShim(sandbox.path('bin', 'another-name')),
    prepare(sandbox) {
      ourShimInPlace(sandbox)
      symlinkSync(sandbox.path('bin', 'teu-runtime'), sandbox.path('bin', 'another-name'))
    },
  },
  { name: 'our shim and runc', flags: () => runcShim('/usr/sbin/runc'), prepare: ourShimInPlace },
  { name: 'our shim and crun', flags: () => runcShim('/usr/bin/crun'), prepare: ourShimInPlace },
]

for (const { name, flags, prepare } of pairings) {
  sandboxTest(`ctr on ${name}`, async (sandbox) => {
    prepare?.(sandbox)
    const first = await startContainerd(sandbox)
    const ctr = new Ctr(sandbox, first)
    await ctr.importBusybox()
    const stack = { flags: flags(sandbox), isOurShim: name.startsWith('our shim') }
    await walkOnce(ctr, stack)
    await walkLong(ctr, stack)
    await walkTerminals(ctr, stack)
    await walkThroughRestart(ctr, stack, async (meanwhile) => {
      await sandbox.stop(first.process, 'SIGKILL')
      await meanwhile()
      await startContainerd(sandbox)
    })
  })
}
