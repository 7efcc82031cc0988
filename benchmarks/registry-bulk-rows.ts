// SPDX-License-Identifier: Apache-2.0
import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { repository } from '../e2e/harness/programs.ts'
import type { Sandbox } from '../e2e/harness/sandbox.ts'
import type { BenchRun, Measured } from './bench-run.ts'
import { pairwise } from './measure.ts'
import { startOriginal, startOurs } from './registry-pair.ts'
import { writeBlob, writeTags } from './registry-tree.ts'
import { startWorker } from './worker.ts'

const tags = 10_000
const uploads = { count: 64, bytes: 100e6 }
const large = { count: 1, bytes: 1e9 }
const garbage = 20_000

/** Registries with much in them, or much going on. */
export async function bulkRows(sandbox: Sandbox, bench: BenchRun): Promise<void> {
  await bench.row(`registry: a list of ${tags} tags`, () => tagRow(sandbox))
  await bench.row(`registry: most memory with ${uploads.count} uploads of 100 MB at once`, async () =>
    atMost(150, 'MB', await memoryOf(sandbox, uploads)),
  )
  await bench.row('registry: most memory with a blob of 1 GB, up and down', async () =>
    atMost(100, 'MB', await memoryOf(sandbox, large, true)),
  )
  await bench.row(`registry: collection of ${garbage} blobs while four push`, async () =>
    atMost(10_000, 'ms', await collection(sandbox)),
  )
}

/** A row whose budget is a number, not another program's. */
function atMost(limit: number, unit: string, value: number): Measured {
  return { unit, ours: [value], original: [limit], originalName: 'the limit', budget: 1 }
}

async function tagRow(sandbox: Sandbox): Promise<Measured> {
  const list = Array.from({ length: tags }, (_, index) => `v${index}`)
  for (const root of ['teu-registry', 'docker-registry']) writeTags(sandbox.path(root), 'many', list)
  const [ours, original] = [await startOurs(sandbox), await startOriginal(sandbox)]
  try {
    const workers = [ours, original].map(({ address }) =>
      startWorker(sandbox, 'list-tags.ts', [address, 'many', String(tags)]),
    )
    const [mine, theirs] = workers.map((worker) => () => worker.work())
    const times = await pairwise(9, mine as () => Promise<void>, theirs as () => Promise<void>)
    for (const worker of workers) worker.end()
    return { unit: 'ms', originalName: 'docker-registry', budget: 1, ...times }
  } finally {
    for (const registry of [ours, original]) await sandbox.stop(registry.process)
    for (const root of ['teu-registry', 'docker-registry']) rmSync(sandbox.path(root), { recursive: true })
  }
}

/** The most that the server had resident with so many uploads at once, and one of them pulled when wanted, in MB. */
async function memoryOf(sandbox: Sandbox, { count, bytes }: typeof uploads, pull = false): Promise<number> {
  const { address, process: server } = await startOurs(sandbox)
  try {
    const program = path.join(repository, 'benchmarks/parallel-uploads.ts')
    const argv = [program, `http://${address}`, String(count), String(bytes)]
    const digest = await sandbox.output(process.execPath, argv, { timeoutMs: 300_000 })
    if (pull) await sandbox.output('curl', ['-sSfo', '/dev/null', `http://${address}/v2/parallel/r0/blobs/${digest}`])
    const status = readFileSync(`/proc/${server.pid}/status`, 'utf8')
    return (Number(/^VmHWM:\s*(\d+) kB/m.exec(status)?.[1]) * 1024) / 1e6
  } finally {
    await sandbox.stop(server)
    rmSync(sandbox.path('teu-registry'), { recursive: true })
  }
}

/** How long the collection takes, in milliseconds. */
async function collection(sandbox: Sandbox): Promise<number> {
  const root = sandbox.path('garbage')
  const twoDays = 2 * 24 * 3600
  for (let index = 0; index < garbage; index++) writeBlob(root, `old/r${index % 10}`, `blob ${index}`, twoDays)
  const program = path.join(repository, 'benchmarks/collection.ts')
  const argv = ['--conditions=teu-source', program, root]
  const output = await sandbox.output(process.execPath, argv, { timeoutMs: 120_000 })
  const { blobs, milliseconds, pushes } = JSON.parse(output) as Record<string, number>
  if (blobs !== garbage || !pushes) throw new Error(`${blobs} of ${garbage} blobs went, ${pushes} pushes came`)
  return milliseconds as number
}
