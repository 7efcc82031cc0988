// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createRegistryClient } from '@teu/image-registry/client'
import { createRegistry, type ProxyInit, type Registry, type RegistryInit } from '@teu/image-registry/server'
import { digestOf, mediaTypes } from '@teu/oci-spec/image'
import { codeOf, putBlob, putImage } from './requests.ts'
import { refuse, scriptedRegistry } from './scripted-registry.ts'

/** A registry with an image in it, and what it is asked, without what the cache itself finds out first. */
async function upstream(t: { after(work: () => unknown): void }, init: RegistryInit = {}) {
  const asked: string[] = []
  const onRequest = ({ method, path: place }: { method: string; path: string }) =>
    void (place !== '/v2/' && asked.push(`${method} ${place}`))
  const registry = await createRegistry({ ...init, onRequest })
  t.after(() => registry.close(0))
  const image = await putImage(registry.url, 'team/app', 'v1', { layers: ['layer one', 'layer two'] })
  await delay(20)
  asked.length = 0
  return { registry, image, asked }
}

async function cache(
  t: { after(work: () => unknown): void },
  init: Partial<ProxyInit> & { url: string },
  more: object = {},
): Promise<Registry> {
  const directory = await mkdtemp(path.join(tmpdir(), 'teu-spool-'))
  const registry = await createRegistry({ proxy: { spoolDirectory: directory, ...init }, ...more })
  t.after(async () => {
    await registry.close(0)
    await rm(directory, { recursive: true })
  })
  return registry
}

/** Waits until so many blobs, manifests among them, are kept: what was passed on may still be on its way there. */
async function keeps(registry: Registry, count: number): Promise<void> {
  while (registry.store.context.index.blobs.totals().count < count) await delay(5)
}

const get = (registry: Registry, place: string, headers: Record<string, string> = {}) =>
  fetch(registry.url + place, { headers })

test('an image is fetched once and served from here', async (t) => {
  const { registry, image, asked } = await upstream(t)
  const here = await cache(t, { url: registry.url })
  await using client = createRegistryClient()
  const reference = { registry: here.address, repository: 'team/app', tag: 'v1' }
  const seen: string[] = []
  const sink = {
    has: async () => false,
    async write({ digest }: { digest: string }, open: () => AsyncIterable<Uint8Array>) {
      const hash = createHash('sha256')
      for await (const chunk of open()) hash.update(chunk)
      assert.equal(`sha256:${hash.digest('hex')}`, digest)
      seen.push(digest)
    },
  }
  await client.pull(reference, sink)
  assert.equal(seen.length, 4)
  const first = asked.slice()
  assert.equal(first.filter((line) => line.startsWith('GET /v2/team/app/manifests/')).length, 1, first.join('\n'))
  assert.equal(first.filter((line) => line.startsWith('GET /v2/team/app/blobs/')).length, 3)
  await keeps(here, 4)
  asked.length = 0
  await client.pull(reference, sink)
  // Only what the tag names is asked for again, and without fetching it.
  assert.deepEqual([...new Set(asked)], ['HEAD /v2/team/app/manifests/v1'])
  asked.length = 0
  assert.equal((await get(here, `/v2/team/app/manifests/${image.digest}`)).status, 200)
  assert.deepEqual(asked, [])
})

test('a tag that moves is followed; one that is gone is gone; a fresh one is believed', async (t) => {
  const { registry, image, asked } = await upstream(t)
  const here = await cache(t, { url: registry.url })
  const believing = await cache(t, { url: registry.url, freshMs: 60_000 })
  const digestAt = async (at: Registry) =>
    (await get(at, '/v2/team/app/manifests/v1')).headers.get('docker-content-digest')
  for (const at of [here, believing]) assert.equal(await digestAt(at), image.digest)
  const moved = await putImage(registry.url, 'team/app', 'v1', { layers: ['other'] })
  asked.length = 0
  assert.equal(await digestAt(believing), image.digest)
  assert.deepEqual(asked, [])
  assert.equal(await digestAt(here), moved.digest)
  await fetch(`${registry.url}/v2/team/app/manifests/v1`, { method: 'DELETE' })
  const gone = await get(here, '/v2/team/app/manifests/v1')
  assert.deepEqual([gone.status, await codeOf(gone)], [404, 'MANIFEST_UNKNOWN'])
  assert.equal((await get(here, '/v2/team/none/manifests/v1')).status, 404)
  assert.equal((await get(here, `/v2/team/app/blobs/${digestOf('none')}`)).status, 404)
})

test('what is here is served while the other registry is away, with a warning', async (t) => {
  const { registry, image } = await upstream(t)
  const here = await cache(t, { url: registry.url, restMs: 60_000 })
  assert.equal((await get(here, '/v2/team/app/manifests/v1')).status, 200)
  await (await get(here, `/v2/team/app/blobs/${digestOf('layer one')}`)).arrayBuffer()
  await keeps(here, 2)
  await registry.close(0)
  // In its place is somebody who hangs up, and counts who calls.
  let calls = 0
  const nobody = createServer((socket) => {
    calls++
    socket.destroy()
  })
  await new Promise<void>((resolve) => nobody.listen(Number(new URL(registry.url).port), '127.0.0.1', resolve))
  t.after(() => nobody.close())
  for (let time = 0, first = 0; time < 6; time++) {
    const stale = await get(here, '/v2/team/app/manifests/v1')
    assert.equal(stale.headers.get('docker-content-digest'), image.digest)
    assert.match(stale.headers.get('warning') ?? '', /^299 - "team\/app:v1 may be out of date/)
    if (time === 0) first = calls
    assert.ok(first > 0 && calls === first, 'it is tried once, and left alone for a while')
  }
  assert.equal((await get(here, `/v2/team/app/manifests/${image.digest}`)).headers.get('warning'), null)
  assert.equal((await get(here, `/v2/team/app/blobs/${digestOf('layer one')}`)).status, 200)
  assert.deepEqual(await (await get(here, '/v2/team/app/tags/list')).json(), { name: 'team/app', tags: ['v1'] })
  const missing = await get(here, `/v2/team/app/blobs/${digestOf('layer two')}`)
  assert.deepEqual(
    [missing.status, await codeOf(missing), missing.headers.has('retry-after')],
    [503, 'UNAVAILABLE', true],
  )
  assert.equal((await get(here, '/v2/team/other/manifests/v1')).status, 503)
})

test('a cache takes nothing from its callers but deletions of what it keeps', async (t) => {
  const { registry } = await upstream(t)
  const here = await cache(t, { url: registry.url, repositories: ['team/*'] })
  for (const [method, place] of [
    ['POST', '/v2/team/app/blobs/uploads/'],
    ['PUT', '/v2/team/app/manifests/v1'],
  ] as const) {
    const answer = await fetch(here.url + place, { method, body: '{}' })
    assert.deepEqual([answer.status, await codeOf(answer)], [405, 'UNSUPPORTED'])
  }
  assert.equal((await get(here, '/v2/team/app/manifests/v1')).status, 200)
  assert.equal((await fetch(`${here.url}/v2/team/app/manifests/v1`, { method: 'DELETE' })).status, 202)
  assert.equal((await get(here, '/v2/team/app/manifests/v1')).status, 200, 'it is fetched again')
  await putImage(registry.url, 'private', 'v1')
  assert.equal((await get(here, '/v2/private/manifests/v1')).status, 404, 'not among what may be fetched')
  await assert.rejects(createRegistry({ proxy: { url: registry.url }, readOnly: true }), { code: 'invalid-argument' })
  await assert.rejects(createRegistry({ proxy: { url: 'ftp://x' } }), { code: 'invalid-argument' })
  await assert.rejects(
    createRegistry({ proxy: { url: 'https://user:secret@x' } }),
    (error: Error) => !error.message.includes('secret'),
  )
})

test('a mirror answers for the registry that it was asked for, and no other', async (t) => {
  const { registry } = await upstream(t)
  const here = await cache(t, { url: registry.url })
  const right = await get(here, `/v2/team/app/manifests/v1?ns=${registry.address}`)
  assert.deepEqual([right.status, right.headers.get('oci-namespace')], [200, registry.address])
  assert.equal((await get(here, '/v2/team/app/manifests/v1?ns=docker.io')).status, 404)
})

test('tags and referrers come from there', async (t) => {
  const { registry, image } = await upstream(t)
  const subject = { mediaType: mediaTypes.ociManifest, digest: image.digest, size: Buffer.byteLength(image.body) }
  const signature = await putImage(registry.url, 'team/app', 'signature', {
    subject,
    artifactType: 'application/vnd.example.sig',
  })
  const here = await cache(t, { url: registry.url })
  assert.deepEqual(await (await get(here, '/v2/team/app/tags/list')).json(), {
    name: 'team/app',
    tags: ['signature', 'v1'],
  })
  const page = await get(here, '/v2/team/app/tags/list?n=1')
  assert.match(page.headers.get('link') ?? '', /last=signature/)
  assert.deepEqual(
    ((await (await get(here, '/v2/team/app/tags/list?n=1&last=signature')).json()) as { tags: string[] }).tags,
    ['v1'],
  )
  const referrers = async (query = '') =>
    (await (await get(here, `/v2/team/app/referrers/${image.digest}${query}`)).json()) as {
      manifests: { digest: string }[]
    }
  assert.deepEqual(
    (await referrers()).manifests.map(({ digest }) => digest),
    [signature.digest],
  )
  assert.deepEqual((await referrers('?artifactType=other')).manifests, [])
})

const content = Buffer.alloc(3_000_000, 'content ')
const digest = digestOf(content)
const place = `/v2/big/blobs/${digest}`

/** A registry that has one blob and sends it as `send` does. */
function oneBlob(send: (request: IncomingMessage, response: ServerResponse, count: number) => unknown) {
  return scriptedRegistry((request, response, count) => {
    if (request.url === '/v2/') return response.end('{}')
    if (request.url !== place) return refuse(response, 404, 'BLOB_UNKNOWN')
    if (request.method === 'HEAD') return response.writeHead(200, { 'content-length': content.byteLength }).end()
    return send(request, response, count)
  })
}

const whole = (response: ServerResponse) => response.writeHead(200, { 'content-length': content.byteLength })

test('many who ask for one blob cost one download, each at their own pace, and a part is a part', async (t) => {
  await using there = await oneBlob(async (_, response) => {
    whole(response)
    for (let at = 0; at < content.byteLength; at += 500_000) {
      response.write(content.subarray(at, at + 500_000))
      await delay(20)
    }
    response.end()
  })
  const here = await cache(t, { url: `http://${there.address}` })
  const all = await Promise.all([
    ...Array.from({ length: 10 }, async () => Buffer.from(await (await get(here, place)).arrayBuffer())),
    (async () => {
      const part = await get(here, place, { range: 'bytes=1000000-1000009' })
      assert.deepEqual(
        [part.status, part.headers.get('content-range')],
        [206, `bytes 1000000-1000009/${content.byteLength}`],
      )
      return Buffer.from(await part.arrayBuffer())
    })(),
    (async () => {
      const gone = new AbortController()
      const answer = await fetch(here.url + place, { signal: gone.signal })
      await answer.body?.getReader().read()
      gone.abort()
      return content
    })(),
  ])
  assert.deepEqual(all.splice(10, 1)[0], content.subarray(1_000_000, 1_000_010))
  for (const bytes of all) assert.ok(bytes.equals(content))
  assert.equal(there.log().filter((line) => line.startsWith('GET /v2/big')).length, 1)
  await keeps(here, 1)
  const again = await get(here, place)
  assert.equal(digestOf(Buffer.from(await again.arrayBuffer())), digest)
  assert.equal(there.log().filter((line) => line.startsWith('GET /v2/big')).length, 1)
  assert.equal((await get(here, place, { range: 'bytes=9999999-' })).status, 416)
})

test('a download that breaks goes on where it broke', async (t) => {
  await using there = await oneBlob((request, response, count) => {
    if (count === 0) {
      whole(response).write(content.subarray(0, 1_000_000))
      setTimeout(() => response.destroy(), 50)
      return
    }
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const rest = content.subarray(start)
    response.writeHead(206, {
      'content-length': rest.byteLength,
      'content-range': `bytes ${start}-${content.byteLength - 1}/${content.byteLength}`,
    })
    response.end(rest)
  })
  const here = await cache(t, { url: `http://${there.address}` })
  assert.ok(Buffer.from(await (await get(here, place)).arrayBuffer()).equals(content))
  assert.ok(there.requests.some(({ headers }) => headers.range !== undefined))
})

test('bytes that are wrong are neither given out whole nor kept', async (t) => {
  const wrong = Buffer.from(content)
  wrong[17] = 0
  let isWrong = true
  await using there = await oneBlob((_, response) => whole(response).end(isWrong ? wrong : content))
  const here = await cache(t, { url: `http://${there.address}` })
  await assert.rejects(async () => (await get(here, place)).arrayBuffer())
  assert.equal((await here.store.context.storage.list('docker/registry/v2/blobs/sha256')).length, 0)
  isWrong = false
  assert.ok(Buffer.from(await (await get(here, place)).arrayBuffer()).equals(content))
})

test('a manifest that is not what its digest says is not taken', async (t) => {
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, digest: digestOf('{}'), size: 2 },
    layers: [],
  })
  const named = digestOf('something else')
  await using there = await scriptedRegistry((request, response) => {
    response.writeHead(200, {
      'content-type': mediaTypes.ociManifest,
      'docker-content-digest': named,
      'content-length': Buffer.byteLength(body),
    })
    response.end(request.method === 'HEAD' ? undefined : body)
  })
  const here = await cache(t, { url: `http://${there.address}` })
  for (const reference of ['v1', named]) {
    const answer = await get(here, `/v2/a/manifests/${reference}`)
    assert.deepEqual([answer.status, await codeOf(answer)], [503, 'UNAVAILABLE'])
  }
  // Headers are hints: what counts is what the bytes are.
  assert.equal((await get(here, `/v2/a/manifests/${digestOf(body)}`)).status, 200)
})

test('the password goes to the registry and its token service, and nowhere else', async (t) => {
  await using evil = await scriptedRegistry((_, response) => response.end(JSON.stringify({ token: 'stolen' })))
  let realm = ''
  let realmCalls = 0
  await using there = await scriptedRegistry((request, response) => {
    if (request.url?.startsWith('/token')) {
      realmCalls++
      return response.end(JSON.stringify({ token: 'good' }))
    }
    if (request.headers.authorization !== 'Bearer good') {
      return refuse(response, 401, 'UNAUTHORIZED', { 'www-authenticate': `Bearer realm="${realm}",service="s"` })
    }
    if (request.url === place && request.method === 'GET')
      return response.writeHead(307, { location: `http://${evil.address}/cdn` }).end()
    return whole(response).end()
  })
  const credentials = { username: 'alice', password: 'wonder' }
  realm = `http://${evil.address}/token`
  const refusing = await cache(t, { url: `http://${there.address}`, credentials })
  assert.ok([404, 503].includes((await get(refusing, place)).status))
  assert.equal(evil.requests.length, 0, 'a realm elsewhere is not even asked')
  realm = `http://${there.address}/token`
  const here = await cache(t, { url: `http://${there.address}`, credentials })
  await get(here, place)
    .then((answer) => answer.arrayBuffer())
    .catch(() => {})
  assert.ok(realmCalls > 0)
  assert.ok(evil.requests.length > 0, 'the redirect was followed')
  for (const { headers } of evil.requests) assert.equal(headers.authorization, undefined)
  const elsewhere = await cache(t, { url: `http://${there.address}`, credentials, realms: [`http://${evil.address}`] })
  realm = `http://${evil.address}/token`
  await get(elsewhere, place)
  assert.ok(
    evil.requests.some(({ url, headers }) => url.startsWith('/token') && headers.authorization !== undefined),
    'unless it was allowed',
  )
})

test('an empty blob, and blobs without end to their number', async (t) => {
  const { registry } = await upstream(t)
  const empty = await putBlob(registry.url, 'team/app', '')
  const blobs = await Promise.all(
    Array.from({ length: 40 }, (_, at) => putBlob(registry.url, 'team/app', `blob ${at}`)),
  )
  const here = await cache(t, { url: registry.url })
  const answer = await get(here, `/v2/team/app/blobs/${empty}`)
  assert.deepEqual([answer.status, await answer.text()], [200, ''])
  const texts = await Promise.all(blobs.map(async (blob) => (await get(here, `/v2/team/app/blobs/${blob}`)).text()))
  assert.deepEqual(
    texts,
    blobs.map((_, at) => `blob ${at}`),
  )
})

test('what came from where is counted', async (t) => {
  const { registry } = await upstream(t)
  const here = await cache(t, { url: registry.url }, { metrics: true })
  for (let time = 0; time < 3; time++) await (await get(here, '/v2/team/app/manifests/v1')).arrayBuffer()
  const text = await (await get(here, '/metrics')).text()
  assert.match(text, /^teu_registry_proxy_requests_total\{kind="manifest",outcome="miss"\} 1$/m)
  assert.match(text, /^teu_registry_proxy_requests_total\{kind="manifest",outcome="hit"\} 2$/m)
  assert.doesNotMatch(text, /^teu_registry_proxy_quota_remaining/m)
})

test('what the other registry still allows is measured', async (t) => {
  const { registry } = await upstream(t, { limits: { pulls: { count: 10, seconds: 3600 } } })
  const here = await cache(t, { url: registry.url }, { metrics: true })
  await (await get(here, '/v2/team/app/manifests/v1')).arrayBuffer()
  assert.match(await (await get(here, '/metrics')).text(), /^teu_registry_proxy_quota_remaining 9$/m)
})
