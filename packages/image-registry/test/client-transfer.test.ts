// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRegistryClient, type PullSink, type PushSource } from '@teu/image-registry/client'
import { blobFromBytes, makeArtifact, pushSource } from '@teu/image-registry/image'
import { createRegistry } from '@teu/image-registry/server'
import { resolveRange } from '@teu/oci-spec/distribution'
import { digestOf } from '@teu/oci-spec/image'
import { refuse, type Script, scriptedRegistry } from './scripted-registry.ts'

const content = randomBytes(300_000)
const blob = { mediaType: 'application/octet-stream', digest: digestOf(content), size: content.byteLength }
const quick = { retryDelayMs: 1, stallTimeoutMs: 300, answerTimeoutMs: 900 }

/** Sends the bytes asked for, and breaks the connection after some of them. */
function sendUpTo(request: IncomingMessage, response: ServerResponse, limit: number): void {
  const range = resolveRange(request.headers.range ?? '', content.byteLength)
  const start = range === undefined || range === 'unsatisfiable' ? 0 : range.start
  const headers = { 'content-length': String(content.byteLength - start) }
  if (start === 0) response.writeHead(200, headers)
  else
    response.writeHead(206, {
      ...headers,
      'content-range': `bytes ${start}-${content.byteLength - 1}/${content.byteLength}`,
    })
  const part = content.subarray(start, start + limit)
  if (start + part.byteLength === content.byteLength) response.end(part)
  else response.write(part, () => setTimeout(() => response.destroy(), 20))
}

async function pull(script: Script, init = {}) {
  await using registry = await scriptedRegistry(script)
  await using client = createRegistryClient({ ...quick, ...init })
  const at = { registry: registry.address, repository: 'a' }
  const pulled = Buffer.concat(await Array.fromAsync(client.pullBlob(at, blob)))
  return { pulled, ranges: registry.requests.map(({ headers }) => headers.range) }
}

test('a broken download goes on at the byte where it broke', async () => {
  const { pulled, ranges } = await pull((request, response) => sendUpTo(request, response, 100_000))
  assert.deepEqual(pulled, content)
  assert.equal(ranges[0], undefined)
  assert.deepEqual(ranges.slice(1), ['bytes=100000-299999', 'bytes=200000-299999'])
})

test('a registry that ignores ranges is read again from the start', async () => {
  const { pulled } = await pull((request, response, count) => {
    delete request.headers.range
    sendUpTo(request, response, count === 0 ? 100_000 : content.byteLength)
  })
  assert.deepEqual(pulled, content)
})

test('a transfer that stalls is taken up again', async () => {
  const { pulled, ranges } = await pull((request, response, count) => {
    if (count > 0) return sendUpTo(request, response, content.byteLength)
    response.writeHead(200, { 'content-length': String(content.byteLength) }).write(content.subarray(0, 1000))
  })
  assert.deepEqual(pulled, content)
  assert.equal(ranges.length, 2)
})

const wrong: [what: string, script: Script, code: string, message: RegExp][] = [
  [
    'another range than asked for',
    (request, response, count) => {
      if (count === 0) return sendUpTo(request, response, 1000)
      response.writeHead(206, { 'content-range': 'bytes 0-9/300000' }).end('0123456789')
    },
    'data-loss',
    /another range/,
  ],
  [
    'other bytes of the right length',
    (_request, response) => void response.end(Buffer.alloc(content.byteLength)),
    'data-loss',
    /content has digest sha256:/,
  ],
  [
    'one byte too many',
    (_request, response) => void response.end(Buffer.concat([content, Buffer.from('x')])),
    'data-loss',
    /300001 bytes where 300000 are left/,
  ],
  [
    'an endless body',
    (_request, response) => {
      const more = () => response.write(content, () => response.destroyed || more())
      more()
    },
    'data-loss',
    /longer than 300000 bytes/,
  ],
  ['one byte too few, for ever', (_request, response) => void response.end(content.subarray(1)), 'data-loss', /./],
  ['404', (_request, response) => refuse(response, 404, 'BLOB_UNKNOWN'), 'not-found', /blob unknown: scripted/],
  ['a connection that breaks at once, for ever', (request) => void request.socket.destroy(), 'unavailable', /GET http/],
  [
    '503 for ever',
    (_request, response) => refuse(response, 503, 'UNAVAILABLE'),
    'unavailable',
    /unavailable: scripted/,
  ],
  ['no answer', () => {}, 'deadline-exceeded', /GET http/],
]

for (const [what, script, code, message] of wrong) {
  test(`a blob of which the registry sends ${what} is refused`, async () => {
    await assert.rejects(pull(script, { retries: 2 }), { name: 'StackError', code, message })
  })
}

test('bytes held from an earlier attempt are hashed and not fetched', async () => {
  await using registry = await scriptedRegistry((request, response) => sendUpTo(request, response, content.byteLength))
  await using client = createRegistryClient(quick)
  const at = { registry: registry.address, repository: 'a' }
  const rest = Buffer.concat(await Array.fromAsync(client.pullBlob(at, blob, { held: [content.subarray(0, 7)] })))
  assert.deepEqual(rest, content.subarray(7))
  assert.equal(registry.requests.at(-1)?.headers.range, 'bytes=7-299999')
  await assert.rejects(Array.fromAsync(client.pullBlob(at, blob, { held: [Buffer.alloc(7)] })), { code: 'data-loss' })
})

test('an abandoned transfer is cancelled', async () => {
  await using registry = await scriptedRegistry((_request, response) => {
    response.writeHead(200, { 'content-length': '300000' }).write(content.subarray(0, 1000))
  })
  await using client = createRegistryClient({ stallTimeoutMs: 60_000 })
  const abort = new AbortController()
  const reading = (async () => {
    for await (const _ of client.pullBlob({ registry: registry.address, repository: 'a' }, blob, {
      signal: abort.signal,
    })) {
      abort.abort()
    }
  })()
  await assert.rejects(reading, { code: 'cancelled' })
})

test('429 is waited for when it says how long, and not for ever', async () => {
  await using registry = await scriptedRegistry((request, response, count) => {
    if (request.url?.includes('slow')) return refuse(response, 429, 'TOOMANYREQUESTS', { 'retry-after': '3600' })
    return count === 0 ? refuse(response, 429, 'TOOMANYREQUESTS', { 'retry-after': '0' }) : response.end(content)
  })
  await using client = createRegistryClient(quick)
  const pulled = client.pullBlob({ registry: registry.address, repository: 'a' }, blob)
  assert.equal(Buffer.concat(await Array.fromAsync(pulled)).byteLength, content.byteLength)
  await assert.rejects(Array.fromAsync(client.pullBlob({ registry: registry.address, repository: 'slow' }, blob)), {
    code: 'resource-exhausted',
  })
})

test('a broken upload goes on where the registry says it stands', async () => {
  let received = Buffer.alloc(0)
  const location = '/v2/a/blobs/uploads/1?_state=x%3D'
  await using registry = await scriptedRegistry(async (request, response, count) => {
    if (request.method === 'HEAD') return refuse(response, 404, 'BLOB_UNKNOWN')
    if (request.method === 'PATCH' && count === 0) {
      for await (const chunk of request) {
        received = Buffer.concat([received, chunk])
        if (received.byteLength > 50_000) return request.socket.destroy()
      }
    }
    if (request.method === 'GET') {
      return response.writeHead(204, { location, range: `0-${received.byteLength - 1}` }).end()
    }
    for await (const chunk of request) received = Buffer.concat([received, chunk])
    const created = request.method === 'PUT'
    response.writeHead(created ? 201 : 202, { location, range: `0-${received.byteLength - 1}` }).end()
  })
  await using client = createRegistryClient(quick)
  const open = (offset: number) =>
    [content.subarray(offset, 60_000), content.subarray(Math.max(offset, 60_000))].values()
  const slices = async function* (offset: number) {
    yield* open(offset)
  }
  const outcome = await client.pushBlob({ registry: registry.address, repository: 'a' }, blob, slices)
  assert.deepEqual(outcome, { kind: 'sent' })
  assert.deepEqual(received, content)
  const last = registry.requests.at(-1)
  assert.match(last?.url ?? '', /^\/v2\/a\/blobs\/uploads\/1\?_state=x%3D&digest=sha256%3A/)
  assert.match(
    registry.requests.filter(({ method }) => method === 'PATCH').at(-1)?.headers['content-range'] ?? '',
    /^\d+-299999$/,
  )
})

test('an upload whose last answer was lost has come through', async () => {
  let finished = false
  await using registry = await scriptedRegistry(async (request, response, count) => {
    if (request.method === 'HEAD') return finished ? response.end() : refuse(response, 404, 'BLOB_UNKNOWN')
    for await (const _ of request);
    if (request.method !== 'PUT') return response.writeHead(202, { location: '/v2/a/blobs/uploads/1' }).end()
    finished = true
    return count === 0 ? request.socket.destroy() : refuse(response, 404, 'BLOB_UPLOAD_UNKNOWN')
  })
  await using client = createRegistryClient(quick)
  const at = { registry: registry.address, repository: 'a' }
  const outcome = await client.pushBlob(at, blob, async function* () {
    yield content
  })
  assert.deepEqual(outcome, { kind: 'sent' })
  assert.equal(registry.requests.filter(({ method }) => method === 'PUT').length, 2)
})

test('a source of another length than announced fails the upload', async () => {
  await using registry = await scriptedRegistry((request, response) => {
    if (request.method === 'HEAD') return refuse(response, 404, 'BLOB_UNKNOWN')
    request.on('error', () => {}).resume()
    if (request.method === 'POST') return response.writeHead(202, { location: '/v2/a/blobs/uploads/1' }).end()
  })
  await using client = createRegistryClient({ ...quick, retries: 1 })
  const at = { registry: registry.address, repository: 'a' }
  for (const wrong of [content.subarray(1), Buffer.concat([content, content])]) {
    const pushing = client.pushBlob(at, blob, async function* () {
      yield wrong
    })
    await assert.rejects(pushing, { code: 'data-loss', message: /source/ })
  }
})

test('no more blobs are under way than were asked for, in either direction', async () => {
  let [under, most] = [0, 0]
  await using registry = await createRegistry()
  await using client = createRegistryClient(quick)
  const sizes = Array.from({ length: 12 }, (_, i) => 1000 + i)
  const blobs = sizes.map((size) => blobFromBytes(randomBytes(size), 'application/octet-stream'))
  const artifact = makeArtifact({ artifactType: 'application/x.test', blobs })
  const reference = { registry: registry.address, repository: 'a', digest: artifact.descriptor.digest }
  const source = pushSource(artifact)
  const counted: PushSource = {
    async *open(descriptor, options) {
      most = Math.max(most, ++under)
      await sleep(5)
      yield* source.open(descriptor, options)
      under--
    },
  }
  await client.push(reference, artifact.descriptor, counted, { concurrency: 3 })
  assert.equal(most, 3)
  ;[under, most] = [0, 0]
  const sink: PullSink = {
    has: async () => false,
    async write(_, open) {
      most = Math.max(most, ++under)
      await sleep(5)
      await Array.fromAsync(open())
      under--
    },
  }
  await client.pull(reference, sink, { concurrency: 4 })
  assert.equal(most, 4)
})
