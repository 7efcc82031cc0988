// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createRegistry, type Registry } from '@teu/image-registry/server'
import { bearer, codeOf, putImage } from './requests.ts'
import { scriptedRegistry } from './scripted-registry.ts'

const pem = (key: KeyObject) => key.export({ format: 'pem', type: key.type === 'private' ? 'pkcs8' : 'spki' }) as string
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

const now = () => Math.floor(Date.now() / 1000)
const claims = (more: object = {}) => ({
  ...{ iss: 'issuer', sub: 'alice', aud: 'service', exp: now() + 300, nbf: now() - 5, iat: now(), jti: randomUUID() },
  access: [{ type: 'repository', name: 'team/app', actions: ['pull', 'push'] }],
  ...more,
})

function token(header: object, payload: object, key: KeyObject = ec.privateKey): string {
  const input = `${encode(header)}.${encode(payload)}`
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

const es256 = { alg: 'ES256', typ: 'JWT' }
const init = {
  issuer: 'issuer',
  service: 'service',
  realm: 'https://auth.example/token',
  keys: pem(ec.publicKey) + pem(rsa.publicKey),
}

let registry: Registry
before(async () => {
  registry = await createRegistry({ auth: { token: init } })
  await putImage(registry.url, 'team/app', 'v1', { headers: bearer(token(es256, claims())) })
})
after(() => registry.close())

const pull = (text: string, path = '/v2/team/app/manifests/v1') =>
  fetch(new URL(path, registry.url), { headers: bearer(text) })

test('tokens of either algorithm open what they are for', async () => {
  assert.equal((await pull(token(es256, claims()))).status, 200)
  assert.equal((await pull(token({ alg: 'RS256', kid: 'unknown' }, claims(), rsa.privateKey))).status, 200)
  assert.equal((await pull(token(es256, claims({ aud: ['other', 'service'] })))).status, 200)
  assert.equal((await pull(token(es256, claims({ access: [] })), '/v2/')).status, 200)
  const catalog = { type: 'registry', name: 'catalog', actions: ['*'] }
  assert.equal((await pull(token(es256, claims({ access: [catalog] })), '/v2/_catalog')).status, 200)
  assert.equal((await pull(token(es256, claims()), '/v2/_catalog')).status, 401)
})

const jwk = stranger.publicKey.export({ format: 'jwk' })
const attacks: [name: string, text: () => string | Promise<string>][] = [
  ['no algorithm', () => `${encode({ alg: 'none' })}.${encode(claims())}.`],
  ['no algorithm, with a signature', () => token({ alg: 'none' }, claims())],
  ['nOnE', () => `${encode({ alg: 'nOnE' })}.${encode(claims())}.`],
  ['another key', () => token(es256, claims(), stranger.privateKey)],
  ['its own key in jwk', () => token({ ...es256, jwk }, claims(), stranger.privateKey)],
  ['its own key in jku', () => token({ ...es256, jku: 'https://evil.example/keys' }, claims(), stranger.privateKey)],
  ['its own key in x5c', () => token({ ...es256, x5c: [encode('certificate')] }, claims(), stranger.privateKey)],
  ['its own key in x5u', () => token({ ...es256, x5u: 'https://evil.example/cert' }, claims(), stranger.privateKey)],
  ['a path as kid', () => token({ ...es256, kid: '../../dev/null' }, claims(), stranger.privateKey)],
  [
    'HS256 with the public key',
    () => {
      const input = `${encode({ alg: 'HS256' })}.${encode(claims())}`
      return `${input}.${createHmac('sha256', pem(rsa.publicKey)).update(input).digest('base64url')}`
    },
  ],
  ['RS256 said of an EC signature', () => token({ alg: 'RS256' }, claims())],
  ['RS384', () => token({ alg: 'RS384' }, claims(), rsa.privateKey)],
  ['an unknown critical header', () => token({ ...es256, crit: ['x'], x: 1 }, claims())],
  ['expired', () => token(es256, claims({ exp: now() - 60 }))],
  ['without end', () => token(es256, claims({ exp: undefined }))],
  ['an end that is no number', () => token(es256, claims({ exp: '9999999999' }))],
  ['not yet', () => token(es256, claims({ nbf: now() + 120 }))],
  ['another audience', () => token(es256, claims({ aud: 'other' }))],
  ['no audience', () => token(es256, claims({ aud: undefined }))],
  ['another issuer', () => token(es256, claims({ iss: 'other' }))],
  ['no issuer', () => token(es256, claims({ iss: undefined }))],
  ['changed claims', () => token(es256, claims()).replace(/\.[^.]+\./, `.${encode(claims({ sub: 'admin' }))}.`)],
  ['a signature cut short', () => token(es256, claims()).slice(0, -4)],
  ['a signature of zeros', () => token(es256, claims()).replace(/[^.]+$/, Buffer.alloc(64).toString('base64url'))],
  ['claims that are no object', () => token(es256, ['x'])],
  ['five parts', () => `${token(es256, claims())}.a.b`],
  ['nothing', () => '..'],
]

for (const [name, text] of attacks) {
  test(`refused: ${name}`, async () => {
    const answer = await pull(await text())
    assert.deepEqual([answer.status, await codeOf(answer)], [401, 'UNAUTHORIZED'])
    const challenge = answer.headers.get('www-authenticate') ?? ''
    assert.equal(
      challenge,
      'Bearer realm="https://auth.example/token",service="service",scope="repository:team/app:pull",error="invalid_token"',
    )
  })
}

test('refused with a fresh challenge: the wrong repository, the wrong action, junk for rights', async () => {
  const access = (value: unknown) => token(es256, claims({ access: value }))
  for (const value of [
    [],
    [{ type: 'repository', name: 'team/other', actions: ['pull'] }],
    [{ type: 'repository', name: 'team/*', actions: ['pull'] }],
    [{ type: 'repository', name: 'team/app', actions: ['push'] }],
    [{ type: 'registry', name: 'team/app', actions: ['pull'] }],
    [{ type: 'repository', name: 'team/app', actions: 'pull' }],
    [null, 1, 'x', { name: 'team/app' }],
    { type: 'repository', name: 'team/app', actions: ['pull'] },
    'repository:team/app:pull',
    undefined,
  ]) {
    const answer = await pull(access(value))
    assert.equal(answer.status, 401, JSON.stringify(value))
    assert.match(
      answer.headers.get('www-authenticate') ?? '',
      /scope="repository:team\/app:pull",error="insufficient_scope"$/,
    )
  }
  const pushOnly = access([{ type: 'repository', name: 'team/app', actions: ['pull'] }])
  const upload = await fetch(`${registry.url}/v2/team/app/blobs/uploads/`, {
    method: 'POST',
    headers: bearer(pushOnly),
  })
  assert.match(
    upload.headers.get('www-authenticate') ?? '',
    /scope="repository:team\/app:pull,push",error="insufficient_scope"$/,
  )
})

test('a token is remembered by the registry that trusts its key, and by no other', async () => {
  const good = token(es256, claims())
  assert.equal((await pull(good)).status, 200)
  assert.equal((await pull(good)).status, 200)
  await using other = await createRegistry({ auth: { token: { ...init, keys: pem(rsa.publicKey) } } })
  assert.equal((await fetch(`${other.url}/v2/`, { headers: bearer(good) })).status, 401)
})

test('keys come from a JWK set, as text or from where they are published', async () => {
  const set = { keys: [{ ...ec.publicKey.export({ format: 'jwk' }), kid: 'first', use: 'sig', alg: 'ES256' }] }
  await using publisher = await scriptedRegistry((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(set))
  })
  const { keys: _, ...rest } = init
  for (const source of [{ keys: JSON.stringify(set) }, { jwksUrl: `http://${publisher.address}/keys` }]) {
    await using other = await createRegistry({ auth: { token: { ...rest, ...source } } })
    const base = (text: string) => fetch(`${other.url}/v2/`, { headers: bearer(text) })
    assert.equal((await base(token({ ...es256, kid: 'first' }, claims()))).status, 200)
    assert.equal((await base(token({ ...es256, kid: 'first' }, claims(), stranger.privateKey))).status, 401)
    assert.equal((await base(`${encode({ alg: 'none', kid: 'first' })}.${encode(claims())}.`)).status, 401)
  }
  assert.equal(publisher.requests.length, 1, 'fetched once')
})

test('keys that others could have are no keys', async () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const secret = JSON.stringify({ keys: [{ kty: 'oct', k: 'c2VjcmV0' }] })
  const both = JSON.stringify({ keys: [ec.privateKey.export({ format: 'jwk' })] })
  for (const keys of [
    pem(weak.publicKey),
    pem(curve.publicKey),
    pem(ec.privateKey),
    secret,
    both,
    '{}',
    '{"keys":[]}',
    '{',
  ]) {
    await assert.rejects(createRegistry({ auth: { token: { ...init, keys } } }), {
      code: 'invalid-argument',
      message: /^token keys: /,
    })
  }
})
