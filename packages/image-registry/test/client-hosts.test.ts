// SPDX-License-Identifier: Apache-2.0
// Where requests go, through what, and what goes along.
import assert from 'node:assert/strict'
import { createServer, request as httpRequest } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import test from 'node:test'
import { createRegistryClient, type RegistryHost } from '@teu/image-registry/client'
import { digestOf, mediaTypes } from '@teu/oci-spec/image'
import { refuse, scriptedRegistry } from './scripted-registry.ts'

const content = Buffer.from('content')
const blob = { mediaType: 'application/octet-stream', digest: digestOf(content), size: content.byteLength }
const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [] }))
const read = async (stream: AsyncIterable<Uint8Array>) => Buffer.concat(await Array.fromAsync(stream)).toString()

/** Has one blob and one manifest, under every name. */
const complete = () =>
  scriptedRegistry((request, response) => {
    if (!request.url?.includes('/manifests/')) return response.end(content)
    const headers = { 'content-type': mediaTypes.ociIndex, 'docker-content-digest': digestOf(manifest) }
    return response
      .writeHead(200, { ...headers, 'content-length': manifest.length })
      .end(request.method === 'HEAD' ? '' : manifest)
  })

interface Proxy extends AsyncDisposable {
  url: string
  /** What was asked of it, with the credentials it was shown. */
  asked: string[]
}

/** An HTTP proxy that passes everything on to the one place, whatever the name. */
async function startProxy(target: string, demand?: string): Promise<Proxy> {
  const asked: string[] = []
  const note = (text: string, authorization: string | undefined) => {
    asked.push(`${text}${authorization === undefined ? '' : ` ${authorization}`}`)
    return demand === undefined || authorization === demand
  }
  const [host = '', port = ''] = target.split(':')
  const server = createServer((request, response) => {
    if (!note(`${request.method} ${request.url}`, request.headers['proxy-authorization']))
      return response.writeHead(407).end()
    const url = new URL(request.url ?? '')
    const { 'proxy-authorization': _, ...headers } = request.headers
    const onward = httpRequest({ host, port, path: `${url.pathname}${url.search}`, method: request.method, headers })
    onward.on('response', (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 500, answer.headers)))
    request.pipe(onward)
  })
  server.on('connect', (request, socket) => {
    if (!note(`CONNECT ${request.url}`, request.headers['proxy-authorization']))
      return socket.end('HTTP/1.1 407 No\r\n\r\n')
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      onward.pipe(socket).pipe(onward)
    })
    onward.on('error', () => socket.destroy())
    socket.on('error', () => onward.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('plain registries are reached through a proxy by their whole URL', async () => {
  await using registry = await complete()
  await using proxy = await startProxy(registry.address)
  await using client = createRegistryClient({
    hosts: { 'r.example': { url: 'http://r.example:5000' } },
    proxy: { http: proxy.url.replace('//', '//me:secret@') },
  })
  assert.equal(await read(client.pullBlob({ registry: 'r.example', repository: 'a' }, blob)), 'content')
  const basic = `Basic ${Buffer.from('me:secret').toString('base64')}`
  assert.deepEqual(proxy.asked, [`GET http://r.example:5000/v2/a/blobs/${blob.digest} ${basic}`])
  assert.equal(registry.requests[0]?.headers.host, 'r.example:5000')
  assert.equal(registry.requests[0]?.headers['proxy-authorization'], undefined)
})

test('secure registries are reached through a tunnel, and never in clear', async () => {
  await using registry = await complete()
  await using proxy = await startProxy(registry.address)
  await using client = createRegistryClient({ proxy: { https: proxy.url }, retries: 0 })
  await assert.rejects(read(client.pullBlob({ registry: 'r.example', repository: 'a' }, blob)), {
    code: 'unavailable',
    message: /r\.example\/v2\/a\/blobs.*through the proxy 127\.0\.0\.1:\d+\)$/,
  })
  assert.deepEqual(proxy.asked, ['CONNECT r.example:443'])
  assert.deepEqual(registry.requests, [])
})

test('a proxy that refuses is named, without its password', async () => {
  await using registry = await complete()
  await using proxy = await startProxy(registry.address, 'Basic other')
  const url = proxy.url.replace('//', '//me:secret@')
  await using client = createRegistryClient({
    hosts: { 'r.example': { url: 'http://r.example' } },
    proxy: { http: url, https: url },
    retries: 0,
  })
  for (const name of ['r.example', 's.example'])
    await assert.rejects(read(client.pullBlob({ registry: name, repository: 'a' }, blob)), (error: Error) => {
      assert.match(error.message, /407.*through the proxy/)
      assert.ok(!error.message.includes('secret'))
      return true
    })
})

test('what is excepted, and this machine, is reached directly', async () => {
  await using registry = await complete()
  await using proxy = await startProxy('127.0.0.1:1')
  await using client = createRegistryClient({ proxy: { http: proxy.url, https: proxy.url, none: 'x.example' } })
  assert.equal(await read(client.pullBlob({ registry: registry.address, repository: 'a' }, blob)), 'content')
  assert.deepEqual(proxy.asked, [])
})

test('the environment is asked for proxies, unless there are to be none', async () => {
  await using registry = await complete()
  await using proxy = await startProxy(registry.address)
  const before = process.env['HTTP_PROXY']
  process.env['HTTP_PROXY'] = proxy.url
  try {
    const hosts = { 'r.invalid': { url: 'http://r.invalid' } }
    await using client = createRegistryClient({ hosts })
    assert.equal(await read(client.pullBlob({ registry: 'r.invalid', repository: 'a' }, blob)), 'content')
    await using direct = createRegistryClient({ hosts, proxy: false, retries: 0 })
    await assert.rejects(read(direct.pullBlob({ registry: 'r.invalid', repository: 'a' }, blob)), {
      code: 'unavailable',
    })
    assert.equal(proxy.asked.length, 1)
  } finally {
    if (before === undefined) delete process.env['HTTP_PROXY']
    else process.env['HTTP_PROXY'] = before
  }
})

async function through(host: RegistryHost, use: (client: ReturnType<typeof createRegistryClient>) => Promise<unknown>) {
  await using client = createRegistryClient({ hosts: { 'r.example': host }, retries: 0 })
  return await use(client)
}
const at = { registry: 'r.example', repository: 'team/a' }

test('the path of a URL goes in front of the API, or in its place', async () => {
  await using registry = await complete()
  const url = `http://${registry.address}`
  const pull = (host: RegistryHost) => through(host, (client) => read(client.pullBlob(at, blob)))
  await pull({ url: `${url}/some/path/` })
  await pull({ url: `${url}/proxy/v2` })
  await pull({ url: `${url}/v2/hub`, overridePath: true })
  await pull({ url })
  assert.deepEqual(registry.log(), [
    `GET /some/path/v2/team/a/blobs/${blob.digest}`,
    `GET /proxy/v2/team/a/blobs/${blob.digest}`,
    `GET /v2/hub/team/a/blobs/${blob.digest}`,
    `GET /v2/team/a/blobs/${blob.digest}`,
  ])
})

test('a mirror is asked for what it is trusted with, with credentials of its own', async () => {
  const basic = `Basic ${Buffer.from('m:m').toString('base64')}`
  await using mirror = await scriptedRegistry((request, response) => {
    if (request.headers.authorization === basic) return response.end(content)
    return refuse(response, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="x"' })
  })
  await using registry = await complete()
  const mirrors = [
    {
      url: `http://${mirror.address}/cache`,
      capabilities: ['pull' as const],
      credentials: () => ({ username: 'm', password: 'm' }),
      headers: { 'x-team': 'mine' },
    },
  ]
  await through({ url: `http://${registry.address}`, mirrors }, async (client) => {
    await client.resolve({ ...at, tag: 'x' })
    assert.equal(await read(client.pullBlob(at, blob)), 'content')
  })
  assert.deepEqual(registry.log(), ['HEAD /v2/team/a/manifests/x'])
  assert.equal(mirror.log().at(-1), `GET /cache/v2/team/a/blobs/${blob.digest}?ns=r.example`)
  assert.ok(mirror.requests.every(({ headers }) => headers['x-team'] === 'mine'))
})

test('a mirror that cannot be reached is left alone for a while', async () => {
  await using registry = await complete()
  let dialled = 0
  await using mirror = await scriptedRegistry((request) => {
    dialled++
    request.socket.destroy()
  })
  const mirrors = [`http://${mirror.address}`]
  await through({ url: `http://${registry.address}`, mirrors }, async (client) => {
    for (let i = 0; i < 5; i++) assert.equal(await read(client.pullBlob(at, blob)), 'content')
  })
  assert.equal(dialled, 1)
})

test('headers of a place stay with it', async () => {
  await using elsewhere = await complete()
  await using registry = await scriptedRegistry((_request, response) =>
    response.writeHead(307, { location: `http://${elsewhere.address}/data` }).end(),
  )
  const host = { url: `http://${registry.address}`, headers: { 'x-team': 'secret' } }
  assert.equal(await through(host, (client) => read(client.pullBlob(at, blob))), 'content')
  assert.equal(registry.requests[0]?.headers['x-team'], 'secret')
  assert.equal(elsewhere.requests[0]?.headers['x-team'], undefined)
})

test('who answers after a redirect does not say where credentials go', async () => {
  await using thief = await scriptedRegistry((_request, response) => response.end(JSON.stringify({ token: 'x' })))
  await using elsewhere = await scriptedRegistry((_request, response) =>
    refuse(response, 401, 'UNAUTHORIZED', { 'www-authenticate': `Bearer realm="http://${thief.address}/token"` }),
  )
  await using registry = await scriptedRegistry((_request, response) =>
    response.writeHead(307, { location: `http://${elsewhere.address}/data` }).end(),
  )
  await using client = createRegistryClient({ credentials: () => ({ username: 'me', password: 'secret' }), retries: 0 })
  await assert.rejects(read(client.pullBlob({ registry: registry.address, repository: 'a' }, blob)), {
    code: 'unauthenticated',
  })
  assert.deepEqual(thief.requests, [])
})

test('a registry that demands more than was asked for gets one token for both', async () => {
  let issued = 0
  await using registry = await scriptedRegistry((request, response) => {
    if (request.url?.startsWith('/token'))
      return response.end(JSON.stringify({ token: `t${++issued}`, expires_in: 300 }))
    if (request.headers.authorization !== undefined) return response.end(content)
    const scope = 'repository:a:push repository:b:pull'
    return refuse(response, 401, 'UNAUTHORIZED', {
      'www-authenticate': `Bearer realm="http://${request.headers.host}/token",service="s",scope="${scope}"`,
    })
  })
  await using client = createRegistryClient()
  for (const repository of ['a', 'a', 'b'])
    await read(client.pullBlob({ registry: registry.address, repository }, blob))
  const tokens = registry.log().filter((line) => line.startsWith('GET /token'))
  const scopes = new URLSearchParams(tokens[0]?.split('?')[1]).getAll('scope')
  assert.deepEqual(scopes, ['repository:a:pull,push', 'repository:b:pull'])
  assert.equal(tokens.length, 1, 'the token that allows more is used for what needs less')
})

test('a refresh token that is replaced is used from then on', async () => {
  const grants: (string | null)[] = []
  await using registry = await scriptedRegistry(async (request, response) => {
    if (request.url === '/token') {
      const form = new URLSearchParams(Buffer.concat(await Array.fromAsync(request)).toString())
      grants.push(form.get('refresh_token'))
      return response.end(JSON.stringify({ access_token: `a${grants.length}`, refresh_token: `r${grants.length}` }))
    }
    if (request.headers.authorization) return response.end(content)
    return refuse(response, 401, 'UNAUTHORIZED', {
      'www-authenticate': `Bearer realm="http://${request.headers.host}/token"`,
    })
  })
  await using client = createRegistryClient({ credentials: () => ({ identityToken: 'first' }) })
  for (const repository of ['a', 'b', 'c'])
    await read(client.pullBlob({ registry: registry.address, repository }, blob))
  assert.deepEqual(grants, ['first', 'r1', 'r2'])
})

test('what a registry wants people to read is told', async () => {
  await using registry = await scriptedRegistry((_request, response) =>
    response.writeHead(200, { warning: '299 - "this registry moves"' }).end(content),
  )
  const told: string[] = []
  await using client = createRegistryClient({ onWarning: (name, text) => told.push(`${name}: ${text}`) })
  for (let i = 0; i < 2; i++) await read(client.pullBlob({ registry: registry.address, repository: 'a' }, blob))
  assert.deepEqual(told, [`${registry.address}: this registry moves`])
})
