// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { createRegistry, type Registry } from '@teu/image-registry/server'
import { digestOf, maximumManifestSize, mediaTypes } from '@teu/oci-spec/image'

let registry: Registry
before(async () => {
  registry = await createRegistry()
})
after(async () => {
  await registry.close()
})

const at = (path: string) => new URL(path, registry.url)
const call = (method: string, path: string, body?: string | Uint8Array, headers: Record<string, string> = {}) =>
  fetch(at(path), { method, headers, ...(body === undefined ? {} : { body: body as string }) })

async function open(repository: string): Promise<string> {
  const answer = await call('POST', `/v2/${repository}/blobs/uploads/`)
  assert.equal(answer.status, 202)
  return answer.headers.get('location') ?? ''
}

async function putBlob(repository: string, content: string | Uint8Array): Promise<string> {
  const digest = digestOf(content)
  const answer = await call('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, content)
  assert.equal(answer.status, 201)
  return digest
}

async function putImage(repository: string, tag: string, more: object = {}): Promise<{ body: string; digest: string }> {
  const digest = await putBlob(repository, '{}')
  const config = { mediaType: mediaTypes.ociConfig, digest, size: 2 }
  const body = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [], ...more })
  const answer = await call('PUT', `/v2/${repository}/manifests/${tag}`, body, {
    'content-type': mediaTypes.ociManifest,
  })
  assert.equal(answer.status, 201)
  return { body, digest: digestOf(body) }
}

/** The errors' codes of an answer of the registry's form. */
async function codeOf(answer: Response): Promise<string> {
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/)
  const { errors } = (await answer.json()) as { errors: { code: string; message: string }[] }
  assert.equal(errors.length, 1)
  assert.ok(errors[0]?.message)
  return errors[0]?.code ?? ''
}

test('the base answers with the version of the API', async () => {
  const answer = await call('GET', '/v2/')
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('docker-distribution-api-version'), 'registry/2.0')
  assert.equal(await answer.text(), '{}')
})

test('a blob is sent whole, in part, or not at all when it is known', async () => {
  const digest = await putBlob('ranges', '0123456789')
  const path = `/v2/ranges/blobs/${digest}`
  const whole = await call('GET', path)
  assert.equal(whole.headers.get('docker-content-digest'), digest)
  assert.equal(whole.headers.get('accept-ranges'), 'bytes')
  assert.equal(await whole.text(), '0123456789')
  const part = await call('GET', path, undefined, { range: 'bytes=2-4' })
  assert.deepEqual([part.status, part.headers.get('content-range'), await part.text()], [206, 'bytes 2-4/10', '234'])
  const tail = await call('GET', path, undefined, { range: 'bytes=-3' })
  assert.equal(await tail.text(), '789')
  const beyond = await call('GET', path, undefined, { range: 'bytes=10-' })
  assert.deepEqual(
    [beyond.status, beyond.headers.get('content-range'), await codeOf(beyond)],
    [416, 'bytes */10', 'RANGE_INVALID'],
  )
  assert.equal((await call('GET', path, undefined, { range: 'bytes=0-1,3-4' })).status, 200)
  const known = await call('GET', path, undefined, { 'if-none-match': whole.headers.get('etag') ?? '' })
  assert.equal(known.status, 304)
})

test('HEAD says what GET says', async () => {
  const { digest } = await putImage('heads', 'v1')
  const config = digestOf('{}')
  for (const path of [
    '/v2/',
    '/v2/heads/manifests/v1',
    `/v2/heads/manifests/${digest}`,
    `/v2/heads/blobs/${config}`,
    '/v2/heads/tags/list',
    '/v2/heads/manifests/none',
  ]) {
    const [head, get] = [await call('HEAD', path), await call('GET', path)]
    assert.equal(await head.text(), '')
    await get.text()
    const headers = (answer: Response) =>
      Object.fromEntries([...answer.headers].filter(([name]) => !['date', 'connection', 'keep-alive'].includes(name)))
    assert.deepEqual([head.status, headers(head)], [get.status, headers(get)], path)
  }
})

test('an empty blob is one', async () => {
  const digest = await putBlob('empty', '')
  const answer = await call('GET', `/v2/empty/blobs/${digest}`)
  assert.deepEqual([answer.status, await answer.text()], [200, ''])
})

test('a manifest comes back byte for byte, with the type it came with', async () => {
  const { body, digest } = await putImage('manifests', 'v1', { annotations: { 'a  b': 'ü' } })
  const answer = await call('GET', '/v2/manifests/manifests/v1')
  assert.equal(answer.headers.get('content-type'), mediaTypes.ociManifest)
  assert.equal(answer.headers.get('docker-content-digest'), digest)
  assert.equal(await answer.text(), body)
  assert.equal(
    (await call('GET', '/v2/manifests/manifests/v1', undefined, { 'if-none-match': `"${digest}"` })).status,
    304,
  )
  const other = await call('GET', '/v2/manifests/manifests/v1', undefined, { accept: mediaTypes.dockerManifest })
  assert.deepEqual([other.status, await codeOf(other)], [404, 'MANIFEST_UNKNOWN'])
})

test('a chunked upload takes its parts in order only', async () => {
  const location = await open('chunks')
  const first = await call('PATCH', location, '01234', { 'content-range': '0-4' })
  assert.deepEqual([first.status, first.headers.get('range')], [202, '0-4'])
  for (const range of ['0-4', '6-9', '4-8', 'x', '9-5']) {
    const answer = await call('PATCH', location, '56789', { 'content-range': range })
    assert.deepEqual(
      [answer.status, answer.headers.get('range'), await codeOf(answer)],
      [416, '0-4', 'BLOB_UPLOAD_INVALID'],
      range,
    )
  }
  const short = await call('PATCH', location, '567', { 'content-range': '5-9' })
  assert.deepEqual([short.status, await codeOf(short)], [400, 'SIZE_INVALID'])
  const state = await call('GET', location)
  assert.deepEqual([state.status, state.headers.get('range')], [204, '0-4'])
  const last = await call('PUT', `${location}?digest=${digestOf('0123456789')}`, '56789', { 'content-range': '5-9' })
  assert.equal(last.status, 201)
  assert.equal(last.headers.get('docker-content-digest'), digestOf('0123456789'))
  assert.equal(await (await call('GET', last.headers.get('location') ?? '')).text(), '0123456789')
  const gone = await call('GET', location)
  assert.deepEqual([gone.status, await codeOf(gone)], [404, 'BLOB_UPLOAD_UNKNOWN'])
})

test('an upload that breaks off keeps what came', async () => {
  const location = await open('broken')
  const { hostname, port } = at('/')
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(`PATCH ${location} HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n01234`, () =>
        setTimeout(() => socket.destroy(), 50),
      )
    }).on('close', () => resolve())
  })
  await call('GET', location)
  const rest = await call('PATCH', location, '56789', { 'content-range': '5-9' })
  assert.equal(rest.status, 202)
  assert.equal((await call('PUT', `${location}?digest=${digestOf('0123456789')}`)).status, 201)
})

test('a sha512 digest is as good', async () => {
  const digest = digestOf('long', 'sha512')
  const answer = await call('POST', `/v2/sha512/blobs/uploads/?digest=${digest}`, 'long')
  assert.equal(answer.status, 201)
  assert.equal(await (await call('GET', `/v2/sha512/blobs/${digest}`)).text(), 'long')
})

test('content of another digest is refused, and the upload is over', async () => {
  const location = await open('digests')
  await call('PATCH', location, 'something')
  const wrong = await call('PUT', `${location}?digest=${digestOf('else')}`)
  assert.deepEqual([wrong.status, await codeOf(wrong)], [400, 'DIGEST_INVALID'])
  assert.equal((await call('GET', location)).status, 404)
  for (const query of [
    '',
    '?digest=',
    '?digest=x',
    '?digest=md5:00',
    `?digest=${digestOf('a')}&digest=${digestOf('b')}`,
  ]) {
    const answer = await call('PUT', `${await open('digests')}${query}`)
    assert.deepEqual([answer.status, await codeOf(answer)], [400, 'DIGEST_INVALID'], query)
  }
})

test('an upload belongs to its repository, and may be cancelled', async () => {
  const location = await open('mine')
  const elsewhere = location.replace('/mine/', '/yours/')
  const answer = await call('PATCH', elsewhere, 'x')
  assert.deepEqual([answer.status, await codeOf(answer)], [404, 'BLOB_UPLOAD_UNKNOWN'])
  assert.equal((await call('DELETE', location)).status, 204)
  assert.equal((await call('DELETE', location)).status, 404)
})

test('a blob is shared only from a repository that has it', async () => {
  const digest = await putBlob('source', 'shared')
  const mount = (name: string, what: string, from: string) =>
    call('POST', `/v2/${name}/blobs/uploads/?mount=${what}&from=${from}`)
  assert.equal((await mount('target', digest, 'source')).status, 201)
  assert.equal((await call('GET', `/v2/target/blobs/${digest}`)).status, 200)
  for (const [what, from] of [
    [digestOf('no'), 'source'],
    [digest, 'other'],
    [digest, '../source'],
    ['x', 'source'],
    [digest, ''],
  ]) {
    const answer = await mount('third', what as string, from as string)
    assert.equal(answer.status, 202)
    assert.match(answer.headers.get('location') ?? '', /^\/v2\/third\/blobs\/uploads\//)
  }
  assert.equal((await call('GET', `/v2/third/blobs/${digest}`)).status, 404)
})

const blob = digestOf('x')
const badPaths: [method: string, path: string, status: number, code: string | undefined][] = [
  ['GET', '/nothing', 404, undefined],
  ['GET', '/v1/x', 404, undefined],
  ['GET', '/v2/x', 404, undefined],
  ['GET', '/v2/a/b/c', 404, undefined],
  ['GET', '/v2/%zz/tags/list', 404, undefined],
  ['GET', '/v2/A/tags/list', 400, 'NAME_INVALID'],
  ['GET', '/v2/a//b/tags/list', 400, 'NAME_INVALID'],
  ['GET', '/v2/a/%2e%2e/b/tags/list', 404, 'NAME_UNKNOWN'],
  ['GET', '/v2/a%2F..%2Fb/tags/list', 400, 'NAME_INVALID'],
  ['GET', '/v2/_x/tags/list', 400, 'NAME_INVALID'],
  ['GET', `/v2/${'a'.repeat(256)}/tags/list`, 400, 'NAME_INVALID'],
  ['GET', '/v2/none/tags/list', 404, 'NAME_UNKNOWN'],
  ['GET', '/v2/a/manifests/none', 404, 'MANIFEST_UNKNOWN'],
  ['GET', `/v2/a/manifests/${blob}`, 404, 'MANIFEST_UNKNOWN'],
  ['GET', '/v2/a/manifests/-x', 400, 'TAG_INVALID'],
  ['GET', `/v2/a/manifests/${'t'.repeat(129)}`, 400, 'TAG_INVALID'],
  ['GET', '/v2/a/manifests/sha256:x', 400, 'DIGEST_INVALID'],
  ['GET', `/v2/a/blobs/${blob}`, 404, 'BLOB_UNKNOWN'],
  ['GET', '/v2/a/blobs/x', 400, 'DIGEST_INVALID'],
  ['GET', `/v2/a/blobs/${blob.toUpperCase()}`, 400, 'DIGEST_INVALID'],
  ['GET', '/v2/a/blobs/sha256:..%2F..%2Fx', 404, undefined],
  ['GET', `/v2/a/blobs/md5:${'0'.repeat(32)}`, 400, 'DIGEST_INVALID'],
  ['GET', '/v2/a/referrers/x', 400, 'DIGEST_INVALID'],
  ['PATCH', '/v2/a/blobs/uploads/x', 404, 'BLOB_UPLOAD_UNKNOWN'],
  ['PATCH', '/v2/a/blobs/uploads/00000000-0000-0000-0000-000000000000', 404, 'BLOB_UPLOAD_UNKNOWN'],
  ['POST', '/v2/', 405, 'UNSUPPORTED'],
  ['PUT', '/v2/a/tags/list', 405, 'UNSUPPORTED'],
  ['PATCH', '/v2/a/manifests/x', 405, 'UNSUPPORTED'],
  ['GET', '/v2/a/blobs/uploads/', 405, 'UNSUPPORTED'],
  ['DELETE', '/v2/a/manifests/none', 404, 'MANIFEST_UNKNOWN'],
  ['DELETE', `/v2/a/blobs/${blob}`, 404, 'BLOB_UNKNOWN'],
  ...['-1', 'abc', '1e999', '9999999999', '1.5'].map((n): [string, string, number, string] => [
    'GET',
    `/v2/_catalog?n=${n}`,
    400,
    'PAGINATION_NUMBER_INVALID',
  ]),
]

for (const [method, path, status, code] of badPaths) {
  test(`${method} ${path.slice(0, 60)} is answered with ${status} ${code ?? ''}`, async () => {
    const answer = await call(method, path)
    assert.equal(answer.status, status)
    if (code === undefined) assert.equal(await answer.text(), '404 page not found\n')
    else assert.equal(await codeOf(answer), code)
    assert.equal((await call('GET', '/v2/')).status, 200)
  })
}

const descriptor = { mediaType: mediaTypes.ociConfig, digest: digestOf('{}'), size: 2 }
const manifest = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config: descriptor, layers: [] }
const missing = { ...descriptor, digest: digestOf('missing') }
const foreign = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip'
const badManifests: [what: string, body: unknown, code: string, type?: string][] = [
  ['nothing', '', 'MANIFEST_INVALID'],
  ['no JSON', '{', 'MANIFEST_INVALID'],
  ['null', null, 'MANIFEST_INVALID'],
  ['a list', [], 'MANIFEST_INVALID'],
  ['schema 1', { schemaVersion: 1, fsLayers: [] }, 'MANIFEST_INVALID'],
  ['schema 1 by type', manifest, 'MANIFEST_INVALID', mediaTypes.dockerSchema1Signed],
  ['an index and a manifest in one', { ...manifest, manifests: [] }, 'MANIFEST_INVALID'],
  ['an index with layers', { schemaVersion: 2, manifests: [], layers: [] }, 'MANIFEST_INVALID', mediaTypes.ociIndex],
  ['a body of another type', manifest, 'MANIFEST_INVALID', mediaTypes.ociIndex],
  ['a type nobody knows', manifest, 'MANIFEST_INVALID', 'text/plain'],
  [
    'a docker type the body does not show',
    { ...manifest, mediaType: undefined },
    'MANIFEST_INVALID',
    mediaTypes.dockerManifest,
  ],
  ['no config', { schemaVersion: 2, layers: [] }, 'MANIFEST_INVALID'],
  ['a digest of no algorithm', { ...manifest, layers: [{ ...descriptor, digest: 'md5:00' }] }, 'MANIFEST_INVALID'],
  ['a wrong size', { ...manifest, config: { ...descriptor, size: 3 } }, 'MANIFEST_INVALID'],
  ...['file:///etc/passwd', '/relative', 'https://a:b@example.com/', 'https://example.com/#part', ''].map(
    (url): (typeof badManifests)[number] => [
      `a layer that is to be fetched from ${JSON.stringify(url)}`,
      { ...manifest, layers: [{ ...descriptor, mediaType: foreign, urls: [url] }] },
      'MANIFEST_INVALID',
    ],
  ),
  [
    'a layer that is not there, for all its urls',
    { ...manifest, layers: [{ ...missing, urls: ['https://example.com/'] }] },
    'MANIFEST_BLOB_UNKNOWN',
  ],
  [
    'a config that is not there, for all its type',
    { ...manifest, config: missing, layers: [{ ...missing, mediaType: foreign }] },
    'MANIFEST_BLOB_UNKNOWN',
  ],
  [
    'a layer that may not be distributed, with another size than what is there',
    { ...manifest, layers: [{ ...descriptor, size: 3, mediaType: foreign }] },
    'MANIFEST_INVALID',
  ],
  ['a layer that is not there', { ...manifest, layers: [missing] }, 'MANIFEST_BLOB_UNKNOWN'],
  ['a config that is not there', { ...manifest, config: missing }, 'MANIFEST_BLOB_UNKNOWN'],
  [
    'an index of what is not there',
    { schemaVersion: 2, manifests: [missing] },
    'MANIFEST_BLOB_UNKNOWN',
    mediaTypes.ociIndex,
  ],
]

for (const [what, body, code, type = mediaTypes.ociManifest] of badManifests) {
  test(`a manifest of ${what} is refused`, async () => {
    await putBlob('bad', '{}')
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const answer = await call('PUT', '/v2/bad/manifests/x', text, { 'content-type': type })
    assert.deepEqual([answer.status, await codeOf(answer)], [400, code])
    assert.equal((await call('HEAD', '/v2/bad/manifests/x')).status, 404)
  })
}

test('a manifest is put under its own digest only', async () => {
  await putBlob('own', '{}')
  const body = JSON.stringify(manifest)
  const put = (digest: string) =>
    call('PUT', `/v2/own/manifests/${digest}`, body, { 'content-type': mediaTypes.ociManifest })
  assert.equal((await put(digestOf(body))).status, 201)
  const wrong = await put(digestOf('x'))
  assert.deepEqual([wrong.status, await codeOf(wrong)], [400, 'DIGEST_INVALID'])
})

test('4 MiB are taken, and not a byte more', async () => {
  await putBlob('big', '{}')
  const put = (length: number) =>
    call('PUT', '/v2/big/manifests/x', JSON.stringify(manifest).padEnd(length), {
      'content-type': mediaTypes.ociManifest,
    })
  assert.equal((await put(maximumManifestSize)).status, 201)
  const answer = await put(maximumManifestSize + 1)
  assert.deepEqual([answer.status, await codeOf(answer)], [413, 'SIZE_INVALID'])
})

test('tags are listed in order, page by page', async () => {
  for (const tag of ['b', 'a', 'd', 'c']) await putImage('paged', tag)
  const list = async (query: string) => {
    const answer = await call('GET', `/v2/paged/tags/list${query}`)
    const { name, tags } = (await answer.json()) as { name: string; tags: string[] }
    assert.equal(name, 'paged')
    return { tags, link: answer.headers.get('link') }
  }
  assert.deepEqual(await list(''), { tags: ['a', 'b', 'c', 'd'], link: null })
  assert.deepEqual(await list('?n=2'), { tags: ['a', 'b'], link: '</v2/paged/tags/list?n=2&last=b>; rel="next"' })
  assert.deepEqual(await list('?n=2&last=b'), { tags: ['c', 'd'], link: null })
  assert.deepEqual(await list('?last=bb'), { tags: ['c', 'd'], link: null })
  assert.deepEqual(await list('?n=0'), { tags: [], link: null })
  assert.deepEqual(await list('?last=zzz'), { tags: [], link: null })
})

test('a registry that is read-only, or keeps what it has, refuses on every route', async () => {
  const writes: [string, string][] = [
    ['PUT', '/v2/a/manifests/x'],
    ['POST', '/v2/a/blobs/uploads/'],
    ['PATCH', '/v2/a/blobs/uploads/00000000-0000-0000-0000-000000000000'],
  ]
  const deletes: [string, string][] = [
    ['DELETE', '/v2/a/manifests/x'],
    ['DELETE', `/v2/a/manifests/${blob}`],
    ['DELETE', `/v2/a/blobs/${blob}`],
  ]
  for (const [init, routes] of [
    [{ readOnly: true }, [...writes, ...deletes]],
    [{ deletes: false }, deletes],
  ] as const) {
    await using other = await createRegistry(init)
    for (const [method, path] of routes) {
      const answer = await fetch(`${other.url}${path}`, { method })
      assert.deepEqual([answer.status, await codeOf(answer)], [405, 'UNSUPPORTED'], `${method} ${path}`)
      assert.ok(!answer.headers.get('allow')?.includes(method))
    }
    assert.equal((await fetch(`${other.url}/v2/`)).status, 200)
  }
})

test('broken HTTP ends the connection, not the registry', async () => {
  const { hostname, port } = at('/')
  for (const bytes of [
    '\x16\x03\x01',
    'GET\r\n\r\n',
    'GET /v2/ HTTP/1.1\r\ncontent-length: x\r\n\r\n',
    `GET /${'x'.repeat(100_000)}`,
  ]) {
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.end(bytes))
      socket
        .on('error', () => {})
        .on('close', () => resolve())
        .resume()
    })
  }
  assert.equal((await call('GET', '/v2/')).status, 200)
})
