// SPDX-License-Identifier: Apache-2.0
// Pushes, pulls, deletions and collections at once, for a time: what is referenced is always there, and what is not
// does not pile up.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkStore, createRegistry, storeStats } from '@teu/image-registry/server'
import { type Digest, digestOf } from '@teu/oci-spec/image'
import { expectStatus, manifestOf, pushBlob, sendManifest } from '../sample-content.ts'

/** What went on. */
export interface SoakResult {
  pushes: number
  pulls: number
  deletions: number
  collections: number
  collectedBytes: number
  /** What the content took at its most, and at the end after a last collection. */
  peakBytes: number
  endBytes: number
  /** What the manifests that were left need. */
  liveBytes: number
}

const repositories = ['soak/a', 'soak/b', 'soak/c']
/** So few tags that pushes move them all the time. */
const tags = Array.from({ length: 6 }, (_, index) => `t${index}`)
/** How long content is spared that nothing refers to. */
const graceMs = 3_000

/** Runs for `ms`; fails with whatever goes wrong. */
export async function soak(
  directory: string,
  ms: number,
  onSecond: (line: string) => void = () => {},
): Promise<SoakResult> {
  await using registry = await createRegistry({ storage: directory })
  const result = {
    pushes: 0,
    pulls: 0,
    deletions: 0,
    collections: 0,
    collectedBytes: 0,
    peakBytes: 0,
    endBytes: 0,
    liveBytes: 0,
  }
  const end = Date.now() + ms
  const until = async (work: () => Promise<void>) => {
    while (Date.now() < end) await work()
  }
  const shared = Array.from({ length: 8 }, () => randomBytes(40_000))
  await Promise.all([
    ...Array.from({ length: 4 }, () => until(() => push(registry.url, shared, result))),
    ...Array.from({ length: 2 }, () => until(() => pull(registry.url, result))),
    until(() => remove(registry.url, result)),
    until(async () => {
      await sleep(1_000)
      const { bytes } = await registry.collectGarbage({ olderThanMs: graceMs, untaggedOlderThanMs: graceMs })
      result.collections++
      result.collectedBytes += bytes
      const { content } = await storeStats(registry.store)
      result.peakBytes = Math.max(result.peakBytes, content.bytes)
      onSecond(`${result.pushes} pushes, ${result.pulls} pulls, ${result.deletions} deletions, ${content.bytes} bytes`)
    }),
  ])
  await registry.collectGarbage({ olderThanMs: -60_000, untaggedOlderThanMs: -60_000 })
  assert.deepEqual((await checkStore(registry.store)).findings, [])
  const stats = await storeStats(registry.store)
  result.endBytes = stats.content.bytes
  result.liveBytes = await pullAll(registry.url)
  return result
}

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T

/** An image of one layer of its own and some that others have too, which are mounted, or found there, when they can be. */
async function push(url: string, shared: readonly Buffer[], result: SoakResult): Promise<void> {
  const name = pick(repositories)
  const own = randomBytes(10_000 + Math.floor(Math.random() * 200_000))
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', id: digestOf(own), rootfs: { type: 'layers', diff_ids: [] } }),
  )
  const layers = [...new Set([pick(shared), pick(shared)]), own]
  const started = performance.now()
  for (const blob of [...layers, config]) await bring(url, name, blob)
  const answer = await sendManifest(url, name, pick(tags), manifestOf(config, layers))
  const took = Math.round(performance.now() - started)
  // A machine too slow to push within the grace says so by the time that it took.
  assert.equal(answer.status, 201, `${name}: after ${took} ms of ${graceMs}: ${await answer.text()}`)
  result.pushes++
}

/** As clients do: asked for, else mounted, else sent. */
async function bring(url: string, name: string, blob: Buffer): Promise<void> {
  const digest = digestOf(blob)
  const asked = await expectStatus(fetch(`${url}/v2/${name}/blobs/${digest}`, { method: 'HEAD' }), 200, 404)
  if (asked.status === 200) return
  const mount = `${url}/v2/${name}/blobs/uploads/?mount=${digest}&from=${pick(repositories)}`
  if ((await expectStatus(fetch(mount, { method: 'POST' }), 201, 202)).status === 202) await pushBlob(url, name, blob)
}

interface ManifestBody {
  config: { digest: Digest; size: number }
  layers: { digest: Digest; size: number }[]
}

/** What a manifest names has to be there, unless the manifest itself went meanwhile. */
async function pull(url: string, result: SoakResult): Promise<void> {
  const base = `${url}/v2/${pick(repositories)}`
  const answer = await expectStatus(fetch(`${base}/manifests/${pick(tags)}`), 200, 404)
  const body = await answer.text()
  if (answer.status === 404) return void (await sleep(20))
  const { config, layers } = JSON.parse(body) as ManifestBody
  for (const { digest } of [config, ...layers]) {
    const blob = await fetch(`${base}/blobs/${digest}`)
    const bytes = Buffer.from(await blob.arrayBuffer())
    if (blob.status === 200) {
      assert.equal(digestOf(bytes), digest)
      continue
    }
    const still = await expectStatus(fetch(`${base}/manifests/${digestOf(body)}`), 200, 404)
    await still.arrayBuffer()
    assert.equal(still.status, 404, `${digest} of a manifest that is there: ${blob.status} ${bytes}`)
  }
  result.pulls++
}

async function remove(url: string, result: SoakResult): Promise<void> {
  await sleep(250)
  const base = `${url}/v2/${pick(repositories)}/manifests`
  const tag = pick(tags)
  const found = await expectStatus(fetch(`${base}/${tag}`, { method: 'HEAD' }), 200, 404)
  const digest = found.headers.get('docker-content-digest')
  if (digest === null) return
  const target = Math.random() < 0.5 ? tag : digest
  await expectStatus(fetch(`${base}/${target}`, { method: 'DELETE' }), 202, 404)
  result.deletions++
}

/** Pulls every tag; answers how long all that they need is together. */
async function pullAll(url: string): Promise<number> {
  const needed = new Map<string, number>()
  for (const name of repositories) {
    const answer = await fetch(`${url}/v2/${name}/tags/list`)
    const list = ((await answer.json()) as { tags?: string[] }).tags ?? []
    for (const tag of list) {
      const manifest = await (await expectStatus(fetch(`${url}/v2/${name}/manifests/${tag}`), 200)).text()
      needed.set(digestOf(manifest), manifest.length)
      const { config, layers } = JSON.parse(manifest) as ManifestBody
      for (const { digest, size } of [config, ...layers]) {
        await (await expectStatus(fetch(`${url}/v2/${name}/blobs/${digest}`), 200)).arrayBuffer()
        needed.set(digest, size)
      }
    }
  }
  return [...needed.values()].reduce((sum, size) => sum + size, 0)
}
