// SPDX-License-Identifier: Apache-2.0
// A full disk: who writes is told so, who reads is served, what was acknowledged stays, and when there is room again
// everything goes on without a restart.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { type Digest, digestOf } from '@teu/oci-spec/image'
import { expectStatus, manifestOf, pushBlob, pushImage, sendManifest } from './sample-content.ts'

/** A mount that only the child sees; where there may be user namespaces it needs no root. */
const apart = ['--mount', ...(process.getuid?.() === 0 ? [] : ['--map-root-user'])]
const canMount = spawnSync('unshare', [...apart, 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0
const skip = canMount ? false : 'needs a mount namespace: root, or user namespaces'

interface SmallDisk {
  url: string
  ask(order: 'fill' | 'free' | 'collect' | 'check' | 'close', left?: number): Promise<unknown>
}

/** Runs `work` with a registry whose disk has `megabytes`. */
async function onSmallDisk(megabytes: number, work: (disk: SmallDisk) => Promise<void>): Promise<void> {
  const root = await mkdtemp(path.join(tmpdir(), 'teu-full-'))
  const program = path.join(import.meta.dirname, 'disk-full/child.ts')
  const script = 'mount -t tmpfs -o size="$1" tmpfs "$2" && exec "$3" --conditions=teu-source "$4" "$2"'
  const argv = [...apart, 'sh', '-c', script, 'sh', `${megabytes}m`, root, process.execPath, program]
  const child = spawn('unshare', argv, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const answer = () =>
    new Promise<unknown>((resolve, reject) => {
      const gone = () => reject(new Error('the registry has ended'))
      child.once('exit', gone)
      child.once('message', ({ result, error }: { result?: unknown; error?: string }) => {
        child.off('exit', gone)
        if (error === undefined) resolve(result)
        else reject(new Error(error))
      })
    })
  try {
    const url = (await answer()) as string
    const ask: SmallDisk['ask'] = (order, left = 0) => {
      const answered = answer()
      child.send({ order, left })
      return answered
    }
    await work({ url, ask })
    await ask('close')
  } finally {
    if (child.exitCode === null && child.connected) child.kill('SIGKILL')
    if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve))
    await rm(root, { recursive: true })
  }
}

/** The error form of the registry, with a status that says whose fault it is. */
async function isFull(answer: Promise<Response>): Promise<void> {
  const refused = await expectStatus(answer, 503)
  const { errors } = (await refused.json()) as { errors: { code: string; message: string; detail: string }[] }
  assert.deepEqual(errors[0], { code: 'UNAVAILABLE', message: 'no space left', detail: 'no space left' })
}

const blobAt = (url: string, digest: Digest) => fetch(`${url}/v2/team/app/blobs/${digest}`)

test('who writes gets 503, who reads and deletes is served, and room makes all well again', { skip }, () =>
  onSmallDisk(24, async ({ url, ask }) => {
    const layer = randomBytes(300_000)
    await pushImage(url, 'team/app', 'stays', layer)
    const gone = await pushImage(url, 'team/app', 'goes', randomBytes(4_000_000))
    const opened = await expectStatus(fetch(`${url}/v2/team/app/blobs/uploads/`, { method: 'POST' }), 202)
    const location = new URL(opened.headers.get('location') as string, url)
    await ask('fill')

    const more = randomBytes(1_000_000)
    const uploads = `${url}/v2/team/app/blobs/uploads/`
    await isFull(fetch(`${uploads}?digest=${digestOf(more)}`, { method: 'POST', body: more }))
    await isFull(fetch(location, { method: 'PATCH', body: more }))
    // What was refused gave its room back, in which files of a few bytes may have found a place.
    await expectStatus(fetch(uploads, { method: 'POST' }), 202, 503)
    await expectStatus(
      sendManifest(url, 'team/app', 'new', manifestOf(layer, [], { annotations: { a: 'b' } })),
      201,
      503,
    )
    await expectStatus(blobAt(url, digestOf(more)), 404)

    for (const rest of ['manifests/stays', 'tags/list', `blobs/${digestOf(layer)}`])
      await expectStatus(fetch(`${url}/v2/team/app/${rest}`), 200)
    await expectStatus(fetch(`${url}/v2/team/app/manifests/${gone}`, { method: 'DELETE' }), 202)
    const collected = (await ask('collect')) as { bytes: number }
    assert.ok(collected.bytes > 4_000_000, 'room comes from a collection')

    await pushBlob(url, 'team/app', more)
    await ask('free')
    const { headers } = await expectStatus(fetch(location), 204)
    const start = headers.get('range') === '0-0' ? 0 : Number(headers.get('range')?.split('-')[1]) + 1
    await expectStatus(fetch(location, { method: 'PATCH', body: more.subarray(start) }), 202)
    location.searchParams.set('digest', digestOf(more))
    await expectStatus(fetch(location, { method: 'PUT' }), 201)
    await pushImage(url, 'team/app', 'after', randomBytes(200_000))
    assert.deepEqual(await ask('check'), [])
  }),
)

test('whatever little room there is, a push is there whole or was refused', { skip }, () =>
  onSmallDisk(24, async ({ url, ask }) => {
    for (const left of [0, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384].map((kilobytes) => kilobytes * 1024)) {
      await ask('fill', left)
      const layer = randomBytes(100_000)
      const config = Buffer.from(`{"left":${left}}`)
      const manifest = manifestOf(config, [layer])
      const tag = `left-${left}`
      const stored: Digest[] = []
      for (const blob of [config, layer]) {
        const target = `${url}/v2/team/app/blobs/uploads/?digest=${digestOf(blob)}`
        const { status } = await expectStatus(fetch(target, { method: 'POST', body: blob as BodyInit }), 201, 503)
        if (status === 201) stored.push(digestOf(blob))
      }
      const named = await expectStatus(sendManifest(url, 'team/app', tag, manifest), 201, 503, 400)
      if (named.status === 201) assert.equal(stored.length, 2)
      for (const digest of stored)
        assert.equal(digestOf(await (await expectStatus(blobAt(url, digest), 200)).bytes()), digest)
      await ask('free')
      const found = await expectStatus(fetch(`${url}/v2/team/app/manifests/${tag}`), 200, 404)
      assert.equal(found.status === 200, named.status === 201)
      assert.deepEqual(await ask('check'), [])
      for (const blob of [config, layer]) await pushBlob(url, 'team/app', blob)
      await expectStatus(sendManifest(url, 'team/app', tag, manifest), 201)
    }
    assert.deepEqual(await ask('check'), [])
  }),
)
