// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { type AuthInit, createRegistry, type Registry } from '@teu/image-registry/server'
import { parseChallenges } from '@teu/oci-spec/distribution'
import { digestOf } from '@teu/oci-spec/image'
import bcrypt from 'bcryptjs'
import { basic, bearer, codeOf, type Headers, putBlob, putImage } from './requests.ts'

const hash = (password: string) => bcrypt.hashSync(password, 4)
const htpasswd = [
  '# people',
  `alice:${hash('wonder')}`,
  `bob:${hash('builder').replace('$2b$', '$2y$')}`,
  `ci:${hash('machine').replace('$2b$', '$2a$')}`,
  '',
].join('\n')
const access = ['alice=**:*', 'bob=team/**:pull', 'ci=team/*:pull,push']
const alice = basic('alice', 'wonder')

const blob = digestOf('{}')
const absent = digestOf('absent')
const upload = '00000000-0000-4000-8000-000000000000'

/** Every route with every method it has, and what a user needs for it. */
const routes: [method: string, path: string, needs: 'nothing' | 'catalog' | 'pull' | 'push' | 'delete'][] = [
  ['GET', '/v2/', 'nothing'],
  ['HEAD', '/v2/', 'nothing'],
  ['GET', '/v2/_catalog', 'catalog'],
  ['GET', '/v2/team/app/tags/list', 'pull'],
  ['GET', '/v2/team/app/manifests/v1', 'pull'],
  ['HEAD', '/v2/team/app/manifests/v1', 'pull'],
  ['PUT', '/v2/team/app/manifests/v2', 'push'],
  ['DELETE', '/v2/team/app/manifests/none', 'delete'],
  ['GET', `/v2/team/app/blobs/${blob}`, 'pull'],
  ['HEAD', `/v2/team/app/blobs/${blob}`, 'pull'],
  ['DELETE', `/v2/team/app/blobs/${absent}`, 'delete'],
  ['POST', '/v2/team/app/blobs/uploads/', 'push'],
  ['GET', `/v2/team/app/blobs/uploads/${upload}`, 'push'],
  ['PATCH', `/v2/team/app/blobs/uploads/${upload}`, 'push'],
  ['PUT', `/v2/team/app/blobs/uploads/${upload}?digest=${blob}`, 'push'],
  ['DELETE', `/v2/team/app/blobs/uploads/${upload}`, 'push'],
  ['GET', `/v2/team/app/referrers/${blob}`, 'pull'],
  ['POST', '/v2/team/app/manifests/v1', 'push'],
]

async function filled(auth: AuthInit, headers: Headers): Promise<Registry> {
  const registry = await createRegistry({ auth: { failedLogins: { count: 1e6, seconds: 1 }, ...auth } })
  await putImage(registry.url, 'team/app', 'v1', { headers })
  await putImage(registry.url, 'secret/app', 'v1', { headers })
  return registry
}

const ask = (registry: Registry, method: string, path: string, headers: Headers = {}) =>
  fetch(new URL(path, registry.url), { method, headers, ...(/^(PUT|PATCH|POST)$/.test(method) ? { body: '' } : {}) })

test('Basic: every route for nobody, for a wrong password, for who may and for who may not', async (t) => {
  await using registry = await filled({ htpasswd, access }, alice)
  const users = {
    alice: 'nothing catalog pull push delete',
    bob: 'nothing catalog pull',
    ci: 'nothing catalog pull push',
  }
  const passwords = { alice: 'wonder', bob: 'builder', ci: 'machine' }
  for (const [method, path, needs] of routes) {
    await t.test(`${method} ${path}`, async () => {
      for (const headers of [
        {},
        basic('alice', 'wrong'),
        basic('nobody', 'wonder'),
        basic('alice', ''),
        bearer('x.y.z'),
        { authorization: 'Basic ???' },
      ]) {
        const answer = await ask(registry, method, path, headers)
        assert.equal(answer.status, 401)
        assert.equal(answer.headers.get('www-authenticate'), 'Basic realm="teu-registry", charset="UTF-8"')
        if (method !== 'HEAD') assert.equal(await codeOf(answer), 'UNAUTHORIZED')
      }
      for (const [user, rights] of Object.entries(users)) {
        const answer = await ask(registry, method, path, basic(user, passwords[user as 'alice']))
        if (rights.split(' ').includes(needs))
          assert.ok(![401, 403].includes(answer.status), `${user}: ${answer.status}`)
        else {
          assert.equal(answer.status, 403, user)
          if (method !== 'HEAD') assert.equal(await codeOf(answer), 'DENIED')
        }
      }
    })
  }
})

/** What a client does: it reads the challenge, asks for the token, and asks again. */
async function withToken(registry: Registry, method: string, path: string, credentials: Headers): Promise<Response> {
  const first = await ask(registry, method, path)
  if (first.status !== 401) return first
  const [challenge] = parseChallenges(first.headers.get('www-authenticate') ?? '')
  assert.equal(challenge?.scheme, 'bearer')
  const realm = new URL(challenge?.parameters.get('realm') ?? '')
  realm.searchParams.set('service', challenge?.parameters.get('service') ?? '')
  for (const scope of (challenge?.parameters.get('scope') ?? '').split(' ').filter(Boolean))
    realm.searchParams.append('scope', scope)
  const given = await fetch(realm, { headers: credentials })
  if (given.status !== 200) return given
  const { token } = (await given.json()) as { token: string }
  return ask(registry, method, path, bearer(token))
}

test('tokens: every route for nobody, for a wrong password, for who may and for who may not', async (t) => {
  await using registry = await filled({ htpasswd, access, token: {} }, alice)
  const users = { alice: 'nothing catalog pull push delete', bob: 'nothing catalog pull' }
  const passwords = { alice: 'wonder', bob: 'builder' }
  for (const [method, path, needs] of routes) {
    await t.test(`${method} ${path}`, async () => {
      assert.equal((await ask(registry, method, path)).status, 401)
      assert.equal((await withToken(registry, method, path, basic('alice', 'wrong'))).status, 401)
      // Anybody gets a token; it is good for nothing but to be somebody.
      const anonymous = await withToken(registry, method, path, {})
      if (needs === 'nothing' || needs === 'catalog') assert.notEqual(anonymous.status, 403)
      else assert.equal(anonymous.status, 401)
      for (const [user, rights] of Object.entries(users)) {
        const answer = await withToken(registry, method, path, basic(user, passwords[user as 'alice']))
        if (rights.split(' ').includes(needs))
          assert.ok(![401, 403].includes(answer.status), `${user}: ${answer.status}`)
        else {
          assert.equal(answer.status, 401, user)
          assert.match(answer.headers.get('www-authenticate') ?? '', /error="insufficient_scope"/)
        }
      }
    })
  }
})

test('everybody pulls what is open, and nothing else', async () => {
  await using registry = await filled({ htpasswd, access, anonymousPull: ['team/**'] }, alice)
  assert.equal((await ask(registry, 'GET', '/v2/')).status, 401, 'clients have to learn where tokens are')
  assert.equal((await ask(registry, 'GET', '/v2/team/app/manifests/v1')).status, 200)
  assert.equal((await withToken(registry, 'GET', '/v2/team/app/manifests/v1', {})).status, 200)
  assert.equal((await ask(registry, 'GET', '/v2/team/app/manifests/v1', basic('', ''))).status, 200)
  assert.equal((await ask(registry, 'GET', '/v2/team/app/manifests/v1', basic('alice', 'wrong'))).status, 401)
  assert.equal((await ask(registry, 'GET', '/v2/team/app/manifests/v1', bearer('x.y.z'))).status, 401)
  assert.equal((await withToken(registry, 'GET', '/v2/secret/app/manifests/v1', {})).status, 401)
  assert.equal((await withToken(registry, 'POST', '/v2/team/app/blobs/uploads/', {})).status, 401)
})

test('the catalog shows a caller what they may pull, page by page', async () => {
  await using registry = await filled({ htpasswd, access, anonymousPull: ['team/**'] }, alice)
  for (const name of ['team/a', 'team/b', 'other/c']) await putImage(registry.url, name, 'v1', { headers: alice })
  const names = async (headers: Headers, query = '') => {
    const answer = await ask(registry, 'GET', `/v2/_catalog${query}`, headers)
    return {
      link: answer.headers.get('link'),
      names: ((await answer.json()) as { repositories: string[] }).repositories,
    }
  }
  assert.deepEqual((await names(alice)).names, ['other/c', 'secret/app', 'team/a', 'team/app', 'team/b'])
  assert.deepEqual((await names(basic('bob', 'builder'))).names, ['team/a', 'team/app', 'team/b'])
  assert.deepEqual((await names({})).names, ['team/a', 'team/app', 'team/b'])
  const first = await names(basic('bob', 'builder'), '?n=2')
  assert.deepEqual(first, { names: ['team/a', 'team/app'], link: '</v2/_catalog?n=2&last=team%2Fapp>; rel="next"' })
  assert.deepEqual(await names(basic('bob', 'builder'), '?n=2&last=team%2Fapp'), { names: ['team/b'], link: null })
  assert.equal((await ask(registry, 'GET', '/v2/_catalog?n=-1', alice)).status, 400)
})

test('a mount needs the right to pull where the blob is', async () => {
  await using registry = await filled({ htpasswd, access }, alice)
  const secret = await putBlob(registry.url, 'secret/app', 'secret', alice)
  const mount = (from: string, headers: Headers) =>
    ask(registry, 'POST', `/v2/team/x/blobs/uploads/?mount=${secret}${from}`, headers)
  assert.equal((await mount('&from=secret/app', basic('ci', 'machine'))).status, 202, 'refused without a word of it')
  assert.equal((await mount('', basic('ci', 'machine'))).status, 202)
  assert.equal((await mount('&from=secret/app', alice)).status, 201)
})

test('a site that a browser with a password visits cannot write with it', async () => {
  await using registry = await filled({ htpasswd, access }, alice)
  const post = (site: string) =>
    ask(registry, 'POST', '/v2/team/app/blobs/uploads/', { ...alice, 'sec-fetch-site': site })
  for (const site of ['cross-site', 'same-site']) assert.equal((await post(site)).status, 403)
  assert.equal((await post('same-origin')).status, 202)
})

test('the token service answers as docker has it', async () => {
  await using registry = await createRegistry({
    auth: { htpasswd, access, token: { service: 'here', lifetimeSeconds: 120 } },
  })
  const at = `${registry.url}/auth/token`
  const get = (query: string, headers: Headers = {}) => fetch(`${at}?${query}`, { headers })
  const post = (form: Record<string, string>) => fetch(at, { method: 'POST', body: new URLSearchParams(form) })
  const given = (await (
    await get(
      'service=here&scope=repository:team/x:pull,push&scope=repository:y:*&offline_token=true',
      basic('bob', 'builder'),
    )
  ).json()) as Record<string, string>
  assert.equal(given['token'], given['access_token'])
  assert.equal(given['expires_in'], 120)
  assert.equal(given['scope'], 'repository:team/x:pull')
  assert.ok(Date.parse(given['issued_at'] ?? '') > 0)
  const refresh = given['refresh_token'] ?? ''
  const again = await post({
    grant_type: 'refresh_token',
    refresh_token: refresh,
    service: 'here',
    client_id: 'docker',
    scope: 'repository:team/x:pull',
  })
  assert.equal(again.status, 200)
  assert.equal(((await again.json()) as Record<string, string>)['refresh_token'], refresh)
  const login = await post({
    grant_type: 'password',
    username: 'alice',
    password: 'wonder',
    service: 'here',
    client_id: 'docker',
    access_type: 'offline',
    scope: 'repository:a:pull repository:b:delete',
  })
  const { scope, refresh_token } = (await login.json()) as Record<string, string>
  assert.deepEqual([scope, typeof refresh_token], ['repository:a:pull repository:b:delete', 'string'])
  for (const [answer, status] of [
    [await get('service=elsewhere'), 400],
    [await get('service=here', basic('bob', 'wrong')), 401],
    [await get('service=here', { authorization: 'Basic' }), 401],
    [await post({ grant_type: 'password', username: 'alice', password: 'x' }), 401],
    [await post({ grant_type: 'refresh_token', refresh_token: given['token'] ?? '' }), 401],
    [await post({ grant_type: 'magic' }), 400],
    [await post({ grant_type: 'password', username: 'alice', password: 'x'.repeat(70_000) }), 413],
    [await get(Array.from({ length: 65 }, (_, at) => `scope=repository:r${at}:pull`).join('&')), 400],
    [await fetch(at, { method: 'DELETE' }), 405],
  ] as const) {
    assert.equal(answer.status, status)
    assert.ok(await codeOf(answer))
  }
  // A refresh token is for getting tokens, and for nothing else.
  assert.equal((await ask(registry, 'GET', '/v2/', bearer(refresh))).status, 401)
  assert.equal((await ask(registry, 'GET', '/v2/', bearer(given['token'] ?? ''))).status, 200)
})

test('a refresh token ends with the password', async () => {
  await using registry = await createRegistry({ auth: { htpasswd, token: {} } })
  const at = `${registry.url}/auth/token`
  const { refresh_token: refresh } = (await (
    await fetch(`${at}?offline_token=true`, { headers: alice })
  ).json()) as Record<string, string>
  const again = () =>
    fetch(at, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refresh ?? '' }),
    })
  assert.equal((await again()).status, 200)
  registry.reload({ htpasswd: htpasswd.replace(/alice:.*/, `alice:${hash('other')}`) })
  assert.equal((await again()).status, 401)
  assert.equal((await ask(registry, 'GET', '/v2/', alice)).status, 401)
  assert.equal((await ask(registry, 'GET', '/v2/', basic('alice', 'other'))).status, 200)
  assert.throws(() => registry.reload({ htpasswd: 'alice:plain' }), { code: 'invalid-argument' })
  assert.equal((await ask(registry, 'GET', '/v2/', basic('alice', 'other'))).status, 200)
})

test('too many wrong passwords are not even looked at', async () => {
  await using registry = await createRegistry({ auth: { htpasswd, failedLogins: { count: 3, seconds: 60 } } })
  for (let time = 0; time < 3; time++)
    assert.equal((await ask(registry, 'GET', '/v2/', basic('alice', `x${time}`))).status, 401)
  const answer = await ask(registry, 'GET', '/v2/', alice)
  assert.deepEqual([answer.status, await codeOf(answer)], [429, 'TOOMANYREQUESTS'])
  assert.ok(Number(answer.headers.get('retry-after')) > 0)
})

test('sixty wrong logins for one user shut out nobody else behind the address, and no proven password', async () => {
  await using registry = await createRegistry({ auth: { htpasswd } })
  assert.equal((await ask(registry, 'GET', '/v2/', alice)).status, 200)
  const statuses = await Promise.all(
    Array.from({ length: 60 }, async (_, at) => (await ask(registry, 'GET', '/v2/', basic('alice', `x${at}`))).status),
  )
  assert.ok(statuses.every((status) => status === 401 || status === 429))
  assert.equal((await ask(registry, 'GET', '/v2/', basic('alice', 'other'))).status, 429)
  assert.equal((await ask(registry, 'GET', '/v2/', alice)).status, 200)
  assert.equal((await ask(registry, 'GET', '/v2/', basic('bob', 'builder'))).status, 200)
})

test('a password is checked once for a hundred requests', async () => {
  const slow = `slow:${bcrypt.hashSync('password', 12)}`
  await using registry = await createRegistry({ auth: { htpasswd: slow } })
  const started = performance.now()
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => ask(registry, 'GET', '/v2/', basic('slow', 'password'))),
  )
  assert.ok(answers.every(({ status }) => status === 200))
  // One check takes a fifth of a second at least.
  assert.ok(performance.now() - started < 10_000)
})

test('settings that contradict each other are refused', async () => {
  for (const [auth, message] of [
    [{}, /want htpasswd, or keys/],
    [{ htpasswd: 'alice:secret' }, /line 1 has no bcrypt hash/],
    [{ htpasswd: 'alice:$apr1$x$y' }, /line 1 has no bcrypt hash/],
    [{ htpasswd, access: ['alice:pull'] }, /access rule "alice:pull"/],
    [{ htpasswd, access: ['alice=**:write'] }, /"write" is not pull, push or delete/],
    [{ htpasswd, token: { keys: 'x', realm: 'r', issuer: 'i' } }, /exclude each other/],
    [{ token: { keys: 'x' } }, /needs realm and issuer/],
    [{ token: { keys: 'x', realm: 'r', issuer: 'i' } }, /no key in it/],
    [{ token: { jwksUrl: 'http://keys.example/', realm: 'r', issuer: 'i' } }, /is no https URL/],
    [{ htpasswd, token: { lifetimeSeconds: 5 } }, /60 seconds/],
  ] as [AuthInit, RegExp][]) {
    await assert.rejects(createRegistry({ auth }), { code: 'invalid-argument', message })
  }
})
