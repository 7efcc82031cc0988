// SPDX-License-Identifier: Apache-2.0
// A store as large as a test or a benchmark wants it, and what its daemon's event loop does meanwhile.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as turn } from 'node:timers/promises'

/** The digest of a text. */
const digest = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`

/** The name of an image that {@link fillStore} makes. */
export const imageName = (index: number) => `registry.example/team/image-${index}:latest`

/** The digest of the manifest of an image that {@link fillStore} makes. */
export const manifestDigest = (index: number) => digest(`manifest ${index}`)

/**
 * Puts so many images into the database of a daemon that runs, each with a manifest, a config, a layer and a snapshot,
 * labelled as clients do. Rows alone: what is tested with it reads no bytes.
 */
export function fillStore(root: string, namespace: string, images: number): void {
  const database = new DatabaseSync(join(root, 'io.containerd.metadata.v1.bolt/meta.db'))
  database.exec('PRAGMA busy_timeout = 10000; BEGIN IMMEDIATE')
  const image = database.prepare('INSERT INTO images VALUES (?, ?, ?, ?, 1, 1)')
  const content = database.prepare('INSERT INTO content VALUES (?, ?, 1, ?, 1, 1)')
  const snapshot = database.prepare(
    `INSERT INTO snapshots (snapshotter, namespace, name, kind, labels, created_at, updated_at)
      VALUES ('native', ?, ?, 3, '{}', 1, 1)`,
  )
  database.prepare('INSERT INTO namespaces VALUES (?, ?) ON CONFLICT DO NOTHING').run(namespace, '{}')
  for (let index = 0; index < images; index++) {
    const [manifest, config, layer] = [manifestDigest(index), digest(`config ${index}`), digest(`layer ${index}`)]
    const chain = digest(`chain ${index}`)
    const target = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: manifest, size: '1' }
    const labels = { team: `team-${index % 100}` }
    image.run(namespace, imageName(index), JSON.stringify({ ...target, annotations: {} }), JSON.stringify(labels))
    const references = { 'containerd.io/gc.ref.content.config': config, 'containerd.io/gc.ref.content.l.0': layer }
    content.run(namespace, manifest, JSON.stringify(references))
    content.run(namespace, config, JSON.stringify({ 'containerd.io/gc.ref.snapshot.native': chain }))
    content.run(namespace, layer, '{}')
    snapshot.run(namespace, chain)
  }
  database.exec('COMMIT')
  database.close()
}

/** The load on the event loop of this thread while some work ran. */
export interface LoopLoad {
  /** Processor time of each turn of the loop, in milliseconds, shortest first. */
  turns: number[]
  /** Time on the clock that each call took which was made meanwhile, in milliseconds, shortest first. */
  calls: number[]
}

/**
 * Runs `work`, and meanwhile one `call` after the other. Turns are measured in processor time of this thread, so that
 * other programs of the machine do not count.
 */
export async function loopLoad(work: () => Promise<unknown>, call: () => Promise<unknown>): Promise<LoopLoad> {
  const load: LoopLoad = { turns: [], calls: [] }
  let done = false
  const ticks = (async () => {
    for (let before = threadMs(); !done; ) {
      await turn()
      const now = threadMs()
      load.turns.push(now - before)
      before = now
    }
  })()
  const calls = (async () => {
    while (!done) {
      const before = performance.now()
      await call()
      load.calls.push(performance.now() - before)
      await turn()
    }
  })()
  await work().finally(() => {
    done = true
  })
  await Promise.all([ticks, calls])
  load.turns.sort((a, b) => a - b)
  load.calls.sort((a, b) => a - b)
  return load
}

/** The value below which so large a part of sorted values lies. */
export function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
