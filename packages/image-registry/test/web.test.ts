// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createRegistry, type Registry } from '@teu/image-registry/server'
import { mediaTypes } from '@teu/oci-spec/image'
import bcrypt from 'bcryptjs'
import { basic, bearer, type Headers, putImage, putManifest } from './requests.ts'

const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>'&\u202e\u0007`

let registry: Registry
let hostile: { body: string; digest: string }
before(async () => {
  registry = await createRegistry()
  const config = JSON.stringify({
    ...{ architecture: 'amd64', os: 'linux', created: evil, author: evil },
    config: {
      Env: [`A=${evil}`],
      Cmd: [evil],
      Labels: { [evil]: evil },
      User: evil,
      WorkingDir: evil,
      ExposedPorts: { [evil]: {} },
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${'0'.repeat(64)}`] },
    history: [{ created_by: evil }, { created_by: evil, empty_layer: true }],
  })
  const annotations = { [evil]: evil }
  hostile = await putImage(registry.url, 'team/evil', 'v1', { config, layers: ['x'], annotations })
  const subject = { mediaType: mediaTypes.ociManifest, digest: hostile.digest, size: Buffer.byteLength(hostile.body) }
  await putImage(registry.url, 'team/evil', 'sig', {
    subject,
    artifactType: 'application/vnd.example.sig',
    annotations,
  })
})
after(() => registry.close())

const get = (path: string, init: RequestInit = {}) => fetch(registry.url + path, init)

test('pages are HTML under a policy that lets nothing in', async () => {
  for (const path of [
    '/',
    '/repositories/team/evil',
    '/repositories/team/evil:v1',
    `/repositories/team/evil@${hostile.digest}`,
    '/?q=team',
    '/repositories/none',
  ]) {
    const answer = await get(path)
    assert.equal(answer.status, path.endsWith('none') ? 404 : 200, path)
    assert.equal(answer.headers.get('content-type'), 'text/html; charset=utf-8')
    assert.equal(
      answer.headers.get('content-security-policy'),
      "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
    assert.equal(answer.headers.get('referrer-policy'), 'no-referrer')
    const text = await answer.text()
    assert.match(text, /^<!doctype html>\n<html lang="en">/)
    assert.equal((await (await get(path, { method: 'HEAD' })).text()).length, 0)
  }
  const style = await get('/style.css')
  assert.equal(style.headers.get('content-type'), 'text/css; charset=utf-8')
  assert.ok(!/url\(|@import/.test(await style.text()), 'the style sheet loads nothing')
})

test('nothing that was pushed becomes part of the page', async () => {
  for (const path of [
    '/',
    '/repositories/team/evil',
    '/repositories/team/evil:v1',
    '/repositories/team/evil:sig',
    `/?q=${encodeURIComponent(evil)}`,
    `/?last=${encodeURIComponent(evil)}`,
  ]) {
    const text = await (await get(path)).text()
    assert.ok(
      !/<script|<img|onerror=[^&]*alert\(1\)>|style=|javascript:/i.test(text.replaceAll(/&lt;[^<]*?&gt;/g, '')),
      path,
    )
    assert.ok(!text.includes('\u0007') && !text.includes('\u202e'), path)
    // Every quote that was pushed is an entity, so tags that are left are ours.
    const tags = new Set([...text.matchAll(/<([a-z0-9]+)/g)].map((match) => match[1]))
    assert.deepEqual(
      [...tags].filter((tag) => /^(script|img|iframe|object|embed|style|base|link2)$/.test(tag as string)),
      [],
    )
  }
  const text = await (await get('/repositories/team/evil:v1')).text()
  assert.ok(text.includes('&quot;&gt;&lt;script&gt;'))
})

test('what is no place of the page is not found, and nothing is written there', async () => {
  for (const path of [
    '/repositories/',
    '/repositories/A',
    '/repositories/a/../b',
    '/repositories/%zz',
    '/repositories/team/evil:',
    '/repositories/team/evil@sha256:x',
    '/repositories/team/evil:none',
    '/repositories/%00',
    `/repositories/${'a'.repeat(3000)}`,
  ]) {
    assert.equal((await get(path)).status, 404, path)
  }
  for (const method of ['POST', 'PUT', 'DELETE']) assert.equal((await get('/', { method })).status, 405)
  assert.equal((await get('/favicon.ico')).status, 404)
})

test('a manifest that nobody understands has a page, and one that is half there', async () => {
  await putImage(registry.url, 'odd/artifact', 'v1', {
    artifactType: 'application/vnd.example.thing',
    layers: ['thing'],
  })
  assert.match(await (await get('/repositories/odd/artifact:v1')).text(), /application\/vnd\.oci\.image\.manifest/)
  await putImage(registry.url, 'odd/config', 'v1', { config: '{"rootfs":7}' })
  assert.equal((await get('/repositories/odd/config:v1')).status, 200)
  await putManifest(
    registry.url,
    'odd/index',
    'v1',
    JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [] }),
    {},
    mediaTypes.ociIndex,
  )
  assert.match(await (await get('/repositories/odd/index')).text(), /odd\/index/)
  assert.equal((await get('/repositories/odd/index:v1')).status, 200)
})

test('lists go on page by page, and are searched', async () => {
  await using other = await createRegistry()
  await Promise.all(
    Array.from({ length: 60 }, (_, at) => putImage(other.url, `many/r${String(at).padStart(2, '0')}`, 'v1')),
  )
  for (let at = 0; at < 60; at++)
    await putManifest(
      other.url,
      'many/r00',
      `t${String(at).padStart(2, '0')}`,
      (await putImage(other.url, 'many/r00', 'v1')).body,
    )
  const text = async (path: string) => (await fetch(other.url + path)).text()
  const first = await text('/')
  assert.equal([...first.matchAll(/class="card"/g)].length, 50)
  assert.match(first, /href="\/\?last=many%2Fr49"/)
  const second = await text('/?last=many%2Fr49')
  assert.equal([...second.matchAll(/class="card"/g)].length, 10)
  assert.match(second, /First page/)
  assert.equal([...(await text('/?q=R1')).matchAll(/class="card"/g)].length, 10)
  assert.match(await text('/?q=zzz'), /No repository has “zzz” in its name/)
  const tags = await text('/repositories/many/r00')
  assert.equal([...tags.matchAll(/<th scope="row">/g)].length, 50)
  assert.match(tags, /rel="next" href="\/repositories\/many\/r00\?last=t49"/)
})

/** The token that the registry gives to callers without a name, for what is open to all. */
async function anonymousToken({ url }: Registry): Promise<Headers> {
  const answer = await fetch(`${url}/auth/token?service=teu-registry&scope=repository:open/app:pull`)
  return bearer(((await answer.json()) as { token: string }).token)
}

test('a reader sees what they may pull', async () => {
  const htpasswd = ['alice', 'bob'].map((user) => `${user}:${bcrypt.hashSync(user, 4)}`).join('\n')
  const auth = { htpasswd, access: ['alice=**:*', 'bob=open/*:pull'] }
  await using closed = await createRegistry({ auth })
  for (const name of ['open/app', 'secret/app'])
    await putImage(closed.url, name, 'v1', { headers: basic('alice', 'alice') })
  const ask = (path: string, user?: string) =>
    fetch(closed.url + path, { headers: user === undefined ? {} : basic(user, user) })
  const refused = await ask('/')
  assert.deepEqual(
    [refused.status, refused.headers.get('www-authenticate')],
    [401, 'Basic realm="teu-registry", charset="UTF-8"'],
  )
  assert.match(await (await ask('/', 'alice')).text(), /secret\/app/)
  const seen = await (await ask('/', 'bob')).text()
  assert.ok(seen.includes('open/app') && !seen.includes('secret/app') && seen.includes('<strong>bob</strong>'))
  assert.equal((await ask('/repositories/secret/app', 'bob')).status, 404)
  assert.equal((await ask('/repositories/secret/app:v1', 'bob')).status, 404)
  await using open = await createRegistry({ metrics: true, auth: { ...auth, anonymousPull: ['open/*'] } })
  for (const name of ['open/app', 'secret/app'])
    await putImage(open.url, name, 'v1', { headers: basic('alice', 'alice') })
  assert.equal((await fetch(`${open.url}/v2/open/app/tags/list`, { headers: await anonymousToken(open) })).status, 200)
  for (const path of ['/', '/repositories/open/app', '/metrics']) {
    const answer = await fetch(open.url + path)
    assert.deepEqual(
      [path, answer.status, answer.headers.get('www-authenticate')],
      [path, 401, 'Basic realm="teu-registry", charset="UTF-8"'],
    )
    assert.equal((await fetch(open.url + path, { headers: await anonymousToken(open) })).status, 401)
    assert.equal((await fetch(open.url + path, { headers: basic('bob', 'bob') })).status, 200)
  }
  await using without = await createRegistry({ page: false })
  assert.equal((await fetch(without.url)).status, 404)
})
