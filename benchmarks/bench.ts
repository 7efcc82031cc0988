// SPDX-License-Identifier: Apache-2.0
// `npm run bench`: ours beside the original, in one run, medians and ratio, a line as soon as it is measured. A row that
// fails says why, the others go on, and the exit status tells. `npm run bench -- exec pull` runs the rows whose names
// have one of the words.

import { startDockerd, startRegistry } from '../e2e/harness/originals.ts'
import { Sandbox } from '../e2e/harness/sandbox.ts'
import { startTeud } from '../e2e/harness/stack.ts'
import { BenchRun } from './bench-run.ts'
import { clientRows } from './client-rows.ts'
import { engineRows } from './engine-rows.ts'
import { memoryRows } from './memory-rows.ts'
import { registryRows } from './registry-rows.ts'
import { runtimeRows } from './runtime-rows.ts'
import { shimRows } from './shim-rows.ts'

const bench = new BenchRun(process.argv.slice(2), {
  table: (line) => process.stdout.write(`${line}\n`),
  note: (line) => process.stderr.write(`${line}\n`),
})
const sandbox = new Sandbox()
await sandbox.open()
try {
  const registry = await startRegistry(sandbox, ['busybox', 'debian'])
  const ours = await startTeud(sandbox)
  const dockerd = await startDockerd(sandbox, {
    flags: ['--bip=172.30.0.1/24', '--ip-masq=false', '--userland-proxy=false'],
  })
  const image = `${registry.address}/busybox`
  await engineRows(sandbox, { ours, dockerd, image, debian: `${registry.address}/debian` }, bench)
  await memoryRows(sandbox, { ours, dockerd, image }, bench)
  await shimRows(sandbox, bench)
  await runtimeRows(sandbox, bench)
  await registryRows(sandbox, bench)
  await clientRows(sandbox, { registry: registry.address, dockerd }, bench)
} finally {
  const leaks = await sandbox.close()
  if (leaks.length > 0) {
    process.stderr.write(`left behind:\n${leaks.join('\n')}\n`)
    process.exitCode = 1
  }
}
if (!bench.finish()) process.exitCode = 1
