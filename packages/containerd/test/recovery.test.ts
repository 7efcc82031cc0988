// SPDX-License-Identifier: Apache-2.0
// The program, killed at random moments of its work: what it has acknowledged is there, and nothing else is.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { type ContainerdServices, connectContainerd, readSmallBlob, waitUntilServing } from '@teu/containerd-api'
import { addBlob, digestOf, inTest, keep, layerOf, needsRoot } from './daemon.ts'

const rounds = 6

function start(folder: string): ChildProcess {
  const program = join(import.meta.dirname, '../src/bin/teu-containerd.ts')
  const argv = ['--root', join(folder, 'root'), '--state', join(folder, 'state'), '-a', join(folder, 'c.sock')]
  return spawn(process.execPath, ['--conditions=teu-source', program, ...argv], {
    stdio: 'ignore',
  })
}

/** What the daemon has said is done. */
interface Acknowledged {
  blobs: Set<string>
  images: Set<string>
  snapshots: Set<string>
  removedImages: Set<string>
}

/** Works until the daemon is gone. */
async function work(services: ContainerdServices, done: Acknowledged): Promise<void> {
  const daemon = { services } as never
  const layer = gzipSync(layerOf(...Array.from({ length: 50 }, (_, i) => ({ name: `f${i}`, data: randomBytes(2000) }))))
  try {
    for (;;) {
      const digest = await addBlob(daemon, randomBytes(randomInt(1, 300_000)))
      done.blobs.add(digest)
      const name = `image-${randomBytes(4).toString('hex')}`
      const target = { mediaType: 'application/x', digest, size: 1n, annotations: {} }
      await services.images.create(
        { image: { name, labels: {}, target, createdAt: undefined, updatedAt: undefined }, sourceDateEpoch: undefined },
        inTest,
      )
      done.images.add(name)
      const blob = await addBlob(daemon, layer).catch(() => digestOf(layer))
      const key = randomBytes(4).toString('hex')
      const { mounts } = await services.snapshots.prepare(
        { snapshotter: 'overlayfs', key, parent: '', labels: keep },
        inTest,
      )
      await services.diff.apply(
        {
          diff: { mediaType: 'application/x', digest: blob, size: BigInt(layer.length), annotations: {} },
          mounts,
          payloads: {},
          syncFs: false,
        },
        inTest,
      )
      await services.snapshots.commit(
        { snapshotter: 'overlayfs', name: `c-${key}`, key, labels: keep, parent: '' },
        inTest,
      )
      done.snapshots.add(`c-${key}`)
      if (randomInt(2) === 0) continue
      // Taken back before it is said: either may be true when the daemon dies meanwhile.
      done.images.delete(name)
      await services.images.delete({ name, sync: randomInt(2) === 0, target: undefined }, inTest)
      done.removedImages.add(name)
    }
  } catch (error) {
    assert.ok(
      ['unavailable', 'cancelled', 'unknown', 'internal'].includes((error as { code: string }).code),
      String(error),
    )
  }
}

async function check(services: ContainerdServices, folder: string, done: Acknowledged): Promise<void> {
  for (const digest of done.blobs) assert.equal(digestOf(await readSmallBlob(services.content, digest, inTest)), digest)
  const images = new Set((await services.images.list({ filters: [] }, inTest)).images.map(({ name }) => name))
  for (const name of done.images) assert.ok(images.has(name), `${name} is lost`)
  for (const name of done.removedImages) assert.ok(!images.has(name), `${name} is back`)
  for (const key of done.snapshots)
    assert.equal((await services.snapshots.stat({ snapshotter: 'overlayfs', key }, inTest)).info?.kind, 3)
  const known = new Set<string>()
  for await (const { info } of services.content.list({ filters: [] }, inTest))
    for (const { digest } of info) known.add(digest)
  const files = await readdir(join(folder, 'root/io.containerd.content.v1.content/blobs/sha256'))
  assert.deepEqual(
    files.map((name) => `sha256:${name}`).filter((digest) => !known.has(digest)),
    [],
  )
  let rows = 0
  for await (const { info } of services.snapshots.list({ snapshotter: 'overlayfs', filters: [] }, inTest))
    rows += info.length
  const folders = await readdir(join(folder, 'root/io.containerd.snapshotter.v1.overlayfs/snapshots'))
  assert.equal(folders.length, rows)
  const { statuses } = await services.content.listStatuses({ filters: [] }, inTest)
  const ingests = await readdir(join(folder, 'root/io.containerd.content.v1.content/ingest'))
  assert.equal(ingests.length, statuses.length)
}

test('kill -9 at any moment loses nothing that was acknowledged', { ...needsRoot, timeout: 120_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'teu-containerd-'))
  let daemon: ChildProcess | undefined
  t.after(async () => {
    daemon?.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  })
  const done: Acknowledged = { blobs: new Set(), images: new Set(), snapshots: new Set(), removedImages: new Set() }
  // A slow machine gets more rounds, until something was acknowledged at all.
  for (let round = 0; round < rounds || (done.snapshots.size === 0 && round < 5 * rounds); round++) {
    daemon = start(folder)
    const exited = once(daemon, 'exit')
    await using services = connectContainerd({ address: join(folder, 'c.sock') })
    await waitUntilServing(services, { timeoutMs: 20_000 })
    await check(services, folder, done)
    const working = Promise.all([work(services, done), work(services, done)])
    await sleep(randomInt(100, 800))
    daemon.kill('SIGKILL')
    await exited
    await working
  }
  assert.ok(done.blobs.size > 0 && done.snapshots.size > 0, 'nothing was done')
})

test('the program ends at a signal, says its version, and refuses what it does not know', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'teu-containerd-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const daemon = start(folder)
  const exited = once(daemon, 'exit')
  await using services = connectContainerd({ address: join(folder, 'c.sock') })
  await waitUntilServing(services, { timeoutMs: 20_000 })
  daemon.kill('SIGTERM')
  assert.deepEqual(await exited, [0, null])
  assert.deepEqual((await readdir(folder)).sort(), ['root', 'state'])
  const run = async (...argv: string[]) => {
    const program = join(import.meta.dirname, '../src/bin/teu-containerd.ts')
    const child = spawn(process.execPath, ['--conditions=teu-source', program, ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const output = Promise.all([child.stdout.toArray(), child.stderr.toArray()])
    const [status] = await once(child, 'exit')
    return { status, text: (await output).flat().join('') }
  }
  const { version } = JSON.parse(await readFile(join(import.meta.dirname, '../package.json'), 'utf8'))
  assert.deepEqual(await run('--version'), {
    status: 0,
    text: `teu-containerd github.com/containerd/containerd 1.6.20+teu teu-${version}\n`,
  })
  assert.match((await run('config', 'default')).text, /^version = 2\n/)
  for (const argv of [['--nonsense'], ['frobnicate'], ['-l', 'loud'], ['-c', join(folder, 'missing.toml')]])
    assert.equal((await run(...argv)).status, 1, argv.join(' '))
})
