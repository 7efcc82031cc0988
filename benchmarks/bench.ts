// SPDX-License-Identifier: Apache-2.0
// `npm run bench`: ours beside the original, in one run, medians and ratio. `npm run bench -- exec pull` runs the
// rows whose names have one of the words.

import { docker, startDockerd, startRegistry } from '../e2e/harness/originals.ts'
import { Sandbox } from '../e2e/harness/sandbox.ts'
import { startTeud, teu } from '../e2e/harness/stack.ts'
import { clientRows } from './client-rows.ts'
import { RawEngine } from './engine-client.ts'
import { pairwise, type Row, table } from './measure.ts'
import { memoryRows } from './memory-rows.ts'
import { registryRows } from './registry-rows.ts'
import { runtimeRows } from './runtime-rows.ts'
import { shimRows } from './shim-rows.ts'

const words = process.argv.slice(2)
const sandbox = new Sandbox()
await sandbox.open()
const rows: Row[] = []
try {
  const registry = await startRegistry(sandbox, ['busybox', 'debian'])
  const ours = await startTeud(sandbox)
  const dockerd = await startDockerd(sandbox, {
    flags: ['--bip=172.30.0.1/24', '--ip-masq=false', '--userland-proxy=false'],
  })
  const [a, b] = [new RawEngine(ours.socket), new RawEngine(dockerd.socket)]
  const image = `${registry.address}/busybox`
  const debian = `${registry.address}/debian`
  const pull = (engine: RawEngine, name: string) => engine.call('POST', `/images/create?fromImage=${name}&tag=latest`)
  await pull(a, image)
  await pull(b, image)

  /** Measures a row when it was asked for. */
  const row = async (
    name: string,
    runs: number,
    budget: number,
    mine: () => Promise<unknown>,
    theirs: () => Promise<unknown>,
  ) => {
    if (words.length > 0 && !words.some((word) => name.includes(word))) return
    process.stderr.write(`${name} …\n`)
    rows.push({ name, unit: 'ms', originalName: 'dockerd', budget, ...(await pairwise(runs, mine, theirs)) })
  }

  await row(
    'create+start+wait+remove',
    15,
    1 / 4,
    () => a.lifecycle(image),
    () => b.lifecycle(image),
  )
  const eight = (engine: RawEngine) => () => Promise.all(Array.from({ length: 8 }, () => engine.lifecycle(image)))
  await row('eight of them at once', 3, 1 / 4, eight(a), eight(b))
  const flags = ['run', '--rm', image, 'true']
  await row(
    'run --rm on the bridge, by each CLI',
    7,
    1 / 3,
    () => teu(sandbox, ours.socket, ...flags),
    () => docker(sandbox, dockerd.socket, ...flags),
  )
  const ids = await Promise.all([a, b].map((engine) => engine.create(image, ['sleep', '1000'])))
  await a.call('POST', `/containers/${ids[0]}/start`)
  await b.call('POST', `/containers/${ids[1]}/start`)
  await row(
    'exec',
    15,
    1 / 4,
    () => a.exec(ids[0] as string),
    () => b.exec(ids[1] as string),
  )
  const again = (engine: RawEngine) => async () => {
    await pull(engine, debian)
    await engine.call('DELETE', `/images/${debian}:latest`)
  }
  await row('pull and remove a 117 MB layer', 3, 1 / 2, again(a), again(b))
  const loud = ['run', '--rm', '--network', 'none', image, 'dd', 'if=/dev/zero', 'bs=1M', 'count=100']
  const discard = (program: string, socket: string) => () =>
    sandbox.output('sh', ['-c', `${program} -H unix://${socket} ${loud.join(' ')} >/dev/null 2>&1`])
  await row('100 MB of output through run', 3, 1 / 2, discard('teu', ours.socket), discard('docker', dockerd.socket))
  for (const [index, engine] of [a, b].entries()) await engine.call('DELETE', `/containers/${ids[index]}?force=1`)
  rows.push(...(await memoryRows(sandbox, { ours, dockerd, image }, words)))
  rows.push(...(await shimRows(sandbox, words)))
  rows.push(...(await runtimeRows(sandbox, words)))
  rows.push(...(await registryRows(sandbox, words)))
  rows.push(...(await clientRows(sandbox, { registry: registry.address, dockerd }, words)))
} finally {
  const leaks = await sandbox.close()
  if (leaks.length > 0) process.stderr.write(`left behind:\n${leaks.join('\n')}\n`)
}
const { text, kept } = table(rows)
process.stdout.write(`${text}\n`)
if (!kept) process.exitCode = 1
