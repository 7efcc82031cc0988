// SPDX-License-Identifier: Apache-2.0
// What a server is killed at: each operation names what it has done when it was answered, and what must hold then.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { digestOf, mediaTypes } from '@teu/oci-spec/image'
import { expectStatus, manifestOf, pushBlob, pushImage, putManifest } from '../sample-content.ts'

/** The server under test. */
export interface Target {
  url: string
  collect(): Promise<void>
}

/** Something that a client asks of a server. */
export interface Operation {
  name: string
  /** Makes what is there before. */
  prepare(target: Target): Promise<void>
  /** Does it, and calls `acknowledged` with what holds from each answer on. */
  run(target: Target, acknowledged: (claim: Claim) => void): Promise<void>
  /** What holds before, during and after. */
  invariants: readonly Claim[]
}

/** Something that must be so. */
export type Claim = (url: string) => Promise<void>

/** Bytes that look like nothing, the same for the same seed. */
export function content(seed: string, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, index) =>
    createHash('sha256').update(`${seed}${index}`).digest(),
  )
  return Buffer.concat(blocks).subarray(0, length)
}

const layers = {
  stays: content('stays', 20_000),
  comes: content('comes', 150_000),
  goes: content('goes', 30_000),
  idle: content('idle', 10_000),
}
const config = (layer: Buffer) =>
  Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
    }),
  )
const manifest = (layer: Buffer) => manifestOf(config(layer), [layer])

/** A blob is there whole. */
const blobIs =
  (name: string, bytes: Buffer): Claim =>
  async (url) => {
    const answer = await expectStatus(fetch(`${url}/v2/${name}/blobs/${digestOf(bytes)}`), 200)
    assert.ok(Buffer.from(await answer.arrayBuffer()).equals(bytes), `${name}: blob differs`)
  }

/** A tag is a manifest, and all that it points at can be pulled. */
const imageIs =
  (name: string, tag: string, layer: Buffer): Claim =>
  async (url) => {
    const answer = await expectStatus(fetch(`${url}/v2/${name}/manifests/${tag}`), 200)
    assert.equal(await answer.text(), manifest(layer).toString())
    await blobIs(name, config(layer))(url)
    await blobIs(name, layer)(url)
  }

const isGone =
  (path: string): Claim =>
  async (url) =>
    void (await expectStatus(fetch(`${url}${path}`), 404))

const stays = imageIs('base', 'stays', layers.stays)

/** Pushes in parts, as a client does that goes on where it was. */
async function pushInParts(url: string, name: string, bytes: Buffer): Promise<void> {
  const opened = await expectStatus(fetch(`${url}/v2/${name}/blobs/uploads/`, { method: 'POST' }), 202)
  const location = new URL(opened.headers.get('location') as string, url)
  const half = bytes.byteLength >> 1
  for (const [start, end] of [
    [0, half],
    [half, bytes.byteLength],
  ] as const) {
    const headers = { 'content-range': `${start}-${end - 1}` }
    const body = bytes.subarray(start, end) as BodyInit
    await expectStatus(fetch(location, { method: 'PATCH', headers, body }), 202)
  }
  location.searchParams.set('digest', digestOf(bytes))
  await expectStatus(fetch(location, { method: 'PUT' }), 201)
}

/** Deletes, unless it was done before. */
const remove = async (url: string, path: string) =>
  void (await expectStatus(fetch(`${url}${path}`, { method: 'DELETE' }), 202, 404))

const base = async ({ url }: Target) => void (await pushImage(url, 'base', 'stays', layers.stays))

/** All that is swept. */
export const operations: readonly Operation[] = [
  {
    name: 'push',
    prepare: base,
    invariants: [stays],
    async run({ url }, acknowledged) {
      await pushBlob(url, 'new/app', config(layers.comes))
      acknowledged(blobIs('new/app', config(layers.comes)))
      await pushInParts(url, 'new/app', layers.comes)
      acknowledged(blobIs('new/app', layers.comes))
      await putManifest(url, 'new/app', 'v1', manifest(layers.comes))
      acknowledged(imageIs('new/app', 'v1', layers.comes))
    },
  },
  {
    name: 'push in one request, and mount',
    prepare: base,
    invariants: [stays],
    async run({ url }, acknowledged) {
      const target = `${url}/v2/new/blobs/uploads/`
      const whole = `${target}?digest=${digestOf(layers.comes)}`
      await expectStatus(fetch(whole, { method: 'POST', body: layers.comes as BodyInit }), 201)
      acknowledged(blobIs('new', layers.comes))
      const mount = `${target}?from=base&mount=${digestOf(layers.stays)}`
      await expectStatus(fetch(mount, { method: 'POST' }), 201)
      acknowledged(blobIs('new', layers.stays))
    },
  },
  {
    name: 'move a tag',
    async prepare(target) {
      await base(target)
      await pushImage(target.url, 'base', 'moves', layers.goes)
    },
    invariants: [stays, imageIsEither('base', 'moves', layers.goes, layers.stays)],
    async run({ url }, acknowledged) {
      await putManifest(url, 'base', 'moves', manifest(layers.stays))
      acknowledged(imageIs('base', 'moves', layers.stays))
    },
  },
  {
    name: 'push a referrer',
    prepare: base,
    invariants: [stays],
    async run({ url }, acknowledged) {
      const subject = { mediaType: mediaTypes.ociManifest, digest: digestOf(manifest(layers.stays)), size: 1 }
      const body = manifestOf(config(layers.stays), [layers.stays], { subject, artifactType: 'a/b' })
      await putManifest(url, 'base', digestOf(body), body)
      acknowledged(async (where) => {
        const answer = await expectStatus(fetch(`${where}/v2/base/referrers/${subject.digest}`), 200)
        const { manifests } = (await answer.json()) as { manifests: { digest: string }[] }
        assert.deepEqual(
          manifests.map(({ digest }) => digest),
          [digestOf(body)],
        )
      })
    },
  },
  {
    name: 'delete a tag, a manifest and a blob',
    async prepare(target) {
      await base(target)
      for (const tag of ['goes', 'goes-too']) await pushImage(target.url, 'base', tag, layers.goes)
      await pushImage(target.url, 'base', 'tag-goes', layers.stays)
      await pushBlob(target.url, 'base', layers.idle)
    },
    invariants: [stays],
    async run({ url }, acknowledged) {
      await remove(url, '/v2/base/manifests/tag-goes')
      acknowledged(isGone('/v2/base/manifests/tag-goes'))
      const path = `/v2/base/manifests/${digestOf(manifest(layers.goes))}`
      await remove(url, path)
      for (const gone of [path, '/v2/base/manifests/goes', '/v2/base/manifests/goes-too']) acknowledged(isGone(gone))
      await remove(url, `/v2/base/blobs/${digestOf(layers.idle)}`)
      acknowledged(isGone(`/v2/base/blobs/${digestOf(layers.idle)}`))
    },
  },
  {
    name: 'collect garbage',
    async prepare(target) {
      await base(target)
      await pushImage(target.url, 'base', 'moves', layers.goes)
      await putManifest(target.url, 'base', 'moves', manifest(layers.stays))
      await pushImage(target.url, 'other', 'goes', layers.comes)
      await remove(target.url, `/v2/other/manifests/${digestOf(manifest(layers.comes))}`)
      await pushBlob(target.url, 'other', layers.idle)
      await expectStatus(fetch(`${target.url}/v2/other/blobs/uploads/`, { method: 'POST' }), 202)
    },
    invariants: [stays, imageIs('base', 'moves', layers.stays)],
    async run(target, acknowledged) {
      await target.collect()
      for (const layer of [layers.goes, layers.comes, layers.idle])
        for (const name of ['base', 'other']) acknowledged(isGone(`/v2/${name}/blobs/${digestOf(layer)}`))
    },
  },
]

function imageIsEither(name: string, tag: string, before: Buffer, after: Buffer): Claim {
  return async (url) => {
    const answer = await expectStatus(fetch(`${url}/v2/${name}/manifests/${tag}`), 200)
    const found = digestOf(await answer.text()) === digestOf(manifest(before)) ? before : after
    await imageIs(name, tag, found)(url)
  }
}
