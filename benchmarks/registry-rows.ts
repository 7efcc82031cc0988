// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { closeSync, ftruncateSync, openSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { repository } from '../e2e/harness/programs.ts'
import type { Sandbox } from '../e2e/harness/sandbox.ts'
import type { BenchRun } from './bench-run.ts'
import { pairwise } from './measure.ts'
import { bulkRows } from './registry-bulk-rows.ts'
import { type Registry, startOriginal, startOurs } from './registry-pair.ts'
import { manifestType } from './registry-tree.ts'

const size = 1 << 30

/** How many connections ask for a manifest at once, and how often in all. */
const load = { connections: 32, requests: 6000 }

const names = {
  up: 'registry: 1 GiB up',
  down: 'registry: 1 GiB down',
  manifests: `registry: ${load.requests} manifests over ${load.connections} connections`,
}

/** The registry beside docker-registry: a large blob up and down, and many small reads. */
export async function registryRows(sandbox: Sandbox, bench: BenchRun): Promise<void> {
  await bulkRows(sandbox, bench)
  await bench.together(Object.values(names), async () => {
    const [ours, original] = [await startOurs(sandbox), await startOriginal(sandbox)]
    const both = async (runs: number, budget: number, work: (registry: Registry) => Promise<unknown>) => {
      const times = await pairwise(
        runs,
        () => work(ours),
        () => work(original),
      )
      return { unit: 'ms', originalName: 'docker-registry', budget, ...times }
    }
    try {
      const blob = await makeBlob(sandbox)
      const up = (registry: Registry) => upload(sandbox, registry, blob)
      // The others need what this row leaves.
      if (bench.wants(names.up)) await bench.row(names.up, () => both(3, 1, up))
      else for (const registry of [ours, original]) await up(registry)
      await bench.row(names.down, () => both(3, 1, (registry) => download(sandbox, registry, blob)))
      await bench.row(names.manifests, async () => {
        for (const registry of [ours, original]) await putManifest(sandbox, registry, blob)
        // As many a second as seven tenths of the original's.
        return both(3, 1 / 0.7, (registry) => hammer(sandbox, registry))
      })
    } finally {
      for (const registry of [ours, original]) await sandbox.stop(registry.process)
    }
  })
}

/** A file of zeros, which takes no room and is read at the speed of memory, with its digest. */
async function makeBlob(sandbox: Sandbox): Promise<{ file: string; digest: string }> {
  const file = sandbox.path('blob')
  const fd = openSync(file, 'w')
  ftruncateSync(fd, size)
  closeSync(fd)
  const [sum] = (await sandbox.output('sha256sum', [file])).split(' ')
  return { file, digest: `sha256:${sum}` }
}

async function upload(sandbox: Sandbox, { address }: Registry, blob: { file: string; digest: string }): Promise<void> {
  const start = ['-sSf', '-X', 'POST', '-D', '-', '-o', '/dev/null', `http://${address}/v2/bench/blobs/uploads/`]
  const location = /^location: *(\S+)/im.exec(await sandbox.output('curl', start))?.[1] ?? ''
  const url = new URL(location, `http://${address}`)
  url.searchParams.set('digest', blob.digest)
  const type = 'Content-Type: application/octet-stream'
  await sandbox.output('curl', ['-sSf', '-H', type, '-H', 'Expect:', '-T', blob.file, '-o', '/dev/null', url.href])
}

async function download(sandbox: Sandbox, { address }: Registry, { digest }: { digest: string }): Promise<void> {
  await sandbox.output('curl', ['-sSf', '-o', '/dev/null', `http://${address}/v2/bench/blobs/${digest}`])
}

async function putManifest(sandbox: Sandbox, registry: Registry, { digest }: { digest: string }): Promise<void> {
  const config = Buffer.from('{}')
  const configDigest = `sha256:${createHash('sha256').update(config).digest('hex')}`
  const file = sandbox.path('config.json')
  writeFileSync(file, config)
  await upload(sandbox, registry, { file, digest: configDigest })
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: configDigest, size: config.length },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size }],
  }
  const url = `http://${registry.address}/v2/bench/manifests/latest`
  const put = ['-sSf', '-X', 'PUT', '-H', `Content-Type: ${manifestType}`, '-d', JSON.stringify(manifest), url]
  await sandbox.output('curl', put)
}

async function hammer(sandbox: Sandbox, { address }: Registry): Promise<void> {
  const url = `http://${address}/v2/bench/manifests/latest`
  const program = path.join(repository, 'benchmarks/get-load.ts')
  const { connections, requests } = load
  await sandbox.output(process.execPath, [program, url, manifestType, String(connections), String(requests)])
}
