// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { createRegistryClient, registryAnswerOf } from '@teu/image-registry/client'
import { digestOf, mediaTypes } from '@teu/oci-spec/image'
import { refuse, scriptedRegistry } from './scripted-registry.ts'

const content = Buffer.from('content')
const blob = { mediaType: 'application/octet-stream', digest: digestOf(content), size: content.byteLength }
const credentials = () => ({ username: 'me', password: 'secret' })
const basic = `Basic ${Buffer.from('me:secret').toString('base64')}`
const read = async (stream: AsyncIterable<Uint8Array>) => Buffer.concat(await Array.fromAsync(stream)).toString()

/** A registry and its token service in one; every token carries the number of its request. */
function tokenRegistry(options: { expiresAfter?: number } = {}) {
  let issued = 0
  let uses = 0
  return scriptedRegistry((request, response) => {
    if (request.url?.startsWith('/token')) {
      uses = 0
      return response.end(JSON.stringify({ token: `token-${++issued}`, expires_in: 300 }))
    }
    const valid =
      request.headers.authorization === `Bearer token-${issued}` && uses++ < (options.expiresAfter ?? Infinity)
    if (valid) return response.end(content)
    const realm = `http://${request.headers.host}/token?x=1`
    const header = `Bearer realm="${realm}",service="here",scope="repository:a/b:pull"`
    return refuse(response, 401, 'UNAUTHORIZED', { 'www-authenticate': header })
  })
}

test('a token is fetched once for each scope, and sent along from then on', async () => {
  await using registry = await tokenRegistry()
  await using client = createRegistryClient({ credentials })
  const at = { registry: registry.address, repository: 'a/b' }
  for (let i = 0; i < 3; i++) assert.equal(await read(client.pullBlob(at, blob)), 'content')
  assert.deepEqual(
    registry.log(),
    [
      `GET /v2/a/b/blobs/${blob.digest}`,
      '/token?x=1&service=here&scope=repository%3Aa%2Fb%3Apull&account=me&client_id=teu',
      ...[1, 2, 3].map(() => `GET /v2/a/b/blobs/${blob.digest}`),
    ].map((line) => line.replace(/^\/token/, 'GET /token')),
  )
  assert.equal(registry.requests[0]?.headers.authorization, undefined)
  assert.equal(registry.requests[1]?.headers.authorization, basic)
  await read(client.pullBlob({ ...at, repository: 'c' }, blob))
  assert.match(registry.log().at(-2) ?? '', /^GET \/token\?.*scope=repository%3Ac%3Apull/)
})

test('a token that is refused is replaced once', async () => {
  await using registry = await tokenRegistry({ expiresAfter: 1 })
  await using client = createRegistryClient()
  const at = { registry: registry.address, repository: 'a/b' }
  assert.equal(await read(client.pullBlob(at, blob)), 'content')
  assert.equal(await read(client.pullBlob(at, blob)), 'content')
  assert.equal(registry.log().filter((line) => line.startsWith('GET /token')).length, 2)
})

test('a refresh token goes to the token service by POST, and nowhere else', async () => {
  let form = ''
  await using registry = await scriptedRegistry(async (request, response) => {
    if (request.url === '/token') {
      for await (const chunk of request) form += chunk
      return response.end(JSON.stringify({ access_token: 'short' }))
    }
    if (request.headers.authorization === 'Bearer short') return response.end(content)
    return refuse(response, 401, 'UNAUTHORIZED', {
      'www-authenticate': `Bearer realm="http://${request.headers.host}/token",service="s"`,
    })
  })
  await using client = createRegistryClient({ credentials: () => ({ identityToken: 'long' }) })
  assert.equal(await read(client.pullBlob({ registry: registry.address, repository: 'a' }, blob)), 'content')
  const fields = Object.fromEntries(new URLSearchParams(form))
  assert.deepEqual(fields, {
    grant_type: 'refresh_token',
    refresh_token: 'long',
    client_id: 'teu',
    service: 's',
    scope: 'repository:a:pull',
  })
  assert.ok(registry.requests.every(({ headers }) => !headers.authorization?.includes('long')))
})

test('basic credentials are sent when asked for, and missing ones are an error', async () => {
  await using registry = await scriptedRegistry((request, response) => {
    if (request.headers.authorization === basic) return response.end(content)
    return refuse(response, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="x"' })
  })
  const at = { registry: registry.address, repository: 'a' }
  await using client = createRegistryClient({ credentials })
  assert.equal(await read(client.pullBlob(at, blob)), 'content')
  await using anonymous = createRegistryClient()
  await assert.rejects(read(anonymous.pullBlob(at, blob)), {
    code: 'unauthenticated',
    message: /no basic auth credentials/,
  })
  await using stranger = createRegistryClient({ credentials: () => ({ username: 'me', password: 'wrong' }) })
  const error = await read(stranger.pullBlob(at, blob)).catch((reason: unknown) => reason)
  assert.equal(registryAnswerOf(error)?.status, 401)
  assert.ok(!String(error).includes('wrong'))
})

const realms = ['http://169.254.169.254/token', 'file:///etc/passwd', 'unix:/run/x', '', '/token']
for (const realm of realms) {
  test(`the token realm ${JSON.stringify(realm)} is refused`, async () => {
    await using registry = await scriptedRegistry((_request, response) =>
      refuse(response, 401, 'UNAUTHORIZED', { 'www-authenticate': `Bearer realm="${realm}"` }),
    )
    await using client = createRegistryClient({ credentials })
    await assert.rejects(read(client.pullBlob({ registry: registry.address, repository: 'a' }, blob)), {
      code: 'failed-precondition',
      message: /token realm/,
    })
  })
}

for (const token of [{}, { token: '' }, { token: 'a b' }, { token: 'x'.repeat(60_000) }, { token: 5 }]) {
  test(`a token service that answers ${JSON.stringify(token).slice(0, 40)} is an error`, async () => {
    await using registry = await scriptedRegistry((request, response) => {
      if (request.url?.startsWith('/token')) return response.end(JSON.stringify(token))
      return refuse(response, 401, 'UNAUTHORIZED', {
        'www-authenticate': `Bearer realm="http://${request.headers.host}/token"`,
      })
    })
    await using client = createRegistryClient()
    await assert.rejects(read(client.pullBlob({ registry: registry.address, repository: 'a' }, blob)), {
      code: 'unauthenticated',
    })
  })
}

test('a redirect to another host takes neither credentials nor cookies along', async () => {
  await using elsewhere = await scriptedRegistry((_request, response) =>
    refuse(response, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="give me"' }),
  )
  await using storage = await scriptedRegistry((_request, response) => void response.end(content))
  await using registry = await scriptedRegistry((request, response) => {
    if (request.headers.authorization !== basic) {
      return refuse(response, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="x"', 'set-cookie': 'a=b' })
    }
    const host = request.url?.includes('/bad/') ? elsewhere.address : storage.address
    response.writeHead(307, { location: `http://me:too@${host}/data` }).end()
  })
  await using client = createRegistryClient({ credentials })
  assert.equal(await read(client.pullBlob({ registry: registry.address, repository: 'good' }, blob)), 'content')
  await assert.rejects(read(client.pullBlob({ registry: registry.address, repository: 'bad' }, blob)))
  for (const { headers } of [...storage.requests, ...elsewhere.requests]) {
    assert.equal(headers.authorization, undefined)
    assert.equal(headers.cookie, undefined)
  }
  assert.equal(storage.requests.length, 1)
  assert.ok(elsewhere.requests.length > 0)
})

test('redirects end', async () => {
  await using registry = await scriptedRegistry(
    (request, response) => void response.writeHead(307, { location: request.url }).end(),
  )
  await using client = createRegistryClient()
  await assert.rejects(read(client.pullBlob({ registry: registry.address, repository: 'a' }, blob)), {
    message: /too many redirects/,
  })
  assert.ok(registry.requests.length < 10)
})

test('a registry that is to be secure is never talked to in plain', async () => {
  await using registry = await scriptedRegistry((_request, response) => void response.end(content))
  const named = { registry: 'registry.example', repository: 'a' }
  const url = `https://${registry.address}`
  await using client = createRegistryClient({ credentials, retries: 0, hosts: { 'registry.example': { url } } })
  await assert.rejects(read(client.pullBlob(named, blob)), { code: 'unavailable' })
  assert.deepEqual(registry.requests, [])
  await using lax = createRegistryClient({ hosts: { 'registry.example': { url: `http://${registry.address}` } } })
  assert.equal(await read(lax.pullBlob(named, blob)), 'content')
})

test('the next page of a listing comes from the same host, whatever a registry calls itself', async () => {
  await using other = await scriptedRegistry((_request, response) => void response.end('{"tags":["stolen"]}'))
  let isLoop = false
  await using registry = await scriptedRegistry((request, response) => {
    const isLast = request.url?.includes('last=x') && !isLoop
    if (!isLast) response.setHeader('link', `<http://${other.address}/v2/a/tags/list?last=x>; rel="next"`)
    response.end(JSON.stringify({ name: 'a', tags: [isLast ? 'y' : 'x'] }))
  })
  await using client = createRegistryClient()
  const list = () => Array.fromAsync(client.listTags({ registry: registry.address, repository: 'a' }))
  assert.deepEqual(await list(), ['x', 'y'])
  isLoop = true
  await assert.rejects(list(), { code: 'data-loss', message: /tags\/list: names this page as the next one$/ })
  assert.deepEqual(other.requests, [])
})

test('a mirror is asked first, without credentials, and passed over when it fails', async () => {
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [] }))
  await using mirror = await scriptedRegistry((request, response) => {
    const headers = { 'www-authenticate': 'Basic realm="give me"' }
    if (request.url?.includes('/blobs/')) return refuse(response, 401, 'UNAUTHORIZED', headers)
    response
      .writeHead(200, { 'content-type': mediaTypes.ociIndex, 'docker-content-digest': digestOf(manifest) })
      .end(manifest)
  })
  await using registry = await scriptedRegistry((_request, response) => void response.end(content))
  await using client = createRegistryClient({
    credentials,
    hosts: { 'docker.io': { url: `http://${registry.address}`, mirrors: [`http://${mirror.address}`] } },
  })
  const at = { registry: 'docker.io', repository: 'library/a' }
  assert.equal((await client.fetchManifest({ ...at, tag: 'x' })).descriptor.digest, digestOf(manifest))
  assert.equal(await read(client.pullBlob(at, blob)), 'content')
  assert.deepEqual(registry.log(), [`GET /v2/library/a/blobs/${blob.digest}`])
  assert.ok(mirror.log().some((line) => line.includes('/blobs/')))
  assert.match(mirror.log()[0] ?? '', /ns=docker\.io/)
  assert.ok(mirror.requests.every(({ headers }) => headers.authorization === undefined))
  const before = mirror.requests.length
  assert.deepEqual(await client.pushBlob(at, blob, () => assert.fail('it is there')), { kind: 'exists' })
  assert.equal(mirror.requests.length, before, 'what is pushed concerns the registry alone')
})

test('an answer without a body is told in words', async () => {
  await using registry = await scriptedRegistry((request, response) => {
    response.writeHead(Number(request.url?.split('/').at(-1))).end()
  })
  await using client = createRegistryClient({ retries: 0 })
  for (const [status, words] of [
    [401, 'unauthorized: authentication required (HTTP 401)'],
    [403, 'denied: requested access to the resource is denied (HTTP 403)'],
    [404, 'not found (HTTP 404)'],
    [418, 'unexpected status 418'],
  ] as const) {
    const reference = { registry: registry.address, repository: 'a', tag: String(status) }
    await assert.rejects(client.resolve(reference), ({ message }: Error) => {
      // After 404 it is asked for with GET as well.
      assert.equal(
        message.replace(/^GET/, 'HEAD'),
        `HEAD http://${registry.address}/v2/a/manifests/${status}: ${words}`,
      )
      return true
    })
  }
})
