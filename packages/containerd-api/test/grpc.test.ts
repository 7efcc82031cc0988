// SPDX-License-Identifier: Apache-2.0
// The client and the server of this package against one another: what any service answers is what any caller gets.
import assert from 'node:assert/strict'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorCodes, hasCode, StackError } from '@teu/errors'
import {
  type ContainerdServices,
  connectContainerd,
  contentChunkSize,
  inNamespace,
  namespaceOf,
  readBlob,
  serveContainerd,
  serviceDefinitions,
  WriteAction,
  writeBlob,
} from '../src/index.ts'

type Overrides = { [K in keyof ContainerdServices]?: Partial<ContainerdServices[K]> }

/** Services that answer `not-implemented`, but for what a test brings. */
function servicesWith(overrides: Overrides): ContainerdServices {
  return Object.fromEntries(
    Object.entries(serviceDefinitions).map(([name, definition]) => {
      const missing = Object.keys(definition.methods).map((method) => [
        method,
        () => {
          throw new StackError('not-implemented', `${name}.${method}`)
        },
      ])
      return [name, { ...Object.fromEntries(missing), ...overrides[name as keyof ContainerdServices] }]
    }),
  ) as unknown as ContainerdServices
}

async function pair(t: TestContext, overrides: Overrides) {
  const folder = await mkdtemp(join(tmpdir(), 'teu-grpc-'))
  const address = join(folder, 'api.sock')
  const server = await serveContainerd(servicesWith(overrides), { address })
  const client = connectContainerd({ address })
  t.after(async () => {
    await client[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })
  return { client, server, address, folder }
}

test('requests, metadata and responses arrive as they were sent', async (t) => {
  const { client, address } = await pair(t, {
    images: {
      async get({ name }, options) {
        const target = { mediaType: namespaceOf(options), digest: name, size: 2n ** 53n + 1n, annotations: { a: 'b' } }
        return {
          image: { name, labels: { x: '' }, target, createdAt: undefined, updatedAt: { seconds: -5n, nanos: 7 } },
        }
      },
    },
  })
  const { image } = await client.images.get({ name: 'busybox' }, inNamespace('moby'))
  assert.deepEqual(image?.target, {
    mediaType: 'moby',
    digest: 'busybox',
    size: 2n ** 53n + 1n,
    annotations: { a: 'b' },
  })
  assert.deepEqual(image?.updatedAt, { seconds: -5n, nanos: 7 })
  assert.equal((await stat(address)).mode & 0o777, 0o660)
})

test('every class of failure arrives, with its message', async (t) => {
  const { client } = await pair(t, {
    namespaces: {
      async get({ name }) {
        throw new StackError(name as 'not-found', `about ${name}`)
      },
    },
  })
  for (const code of errorCodes)
    await assert.rejects(client.namespaces.get({ name: code }), (error: Error) => {
      return hasCode(error, code) && error.message.startsWith(`about ${code}`)
    })
  await assert.rejects(client.version.version({}), { code: 'not-implemented' })
})

test('a call without a daemon is unavailable, and works when there is one', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'teu-grpc-'))
  const address = join(folder, 'api.sock')
  await using client = connectContainerd({ address })
  t.after(() => rm(folder, { recursive: true }))
  await assert.rejects(client.version.version({}), { code: 'unavailable' })
  const services = servicesWith({ version: { version: async () => ({ version: '1', revision: '2' }) } })
  await using _server = await serveContainerd(services, { address })
  const until = Date.now() + 30_000
  for (;;) {
    const answer = await client.version.version({}).catch(() => undefined)
    if (answer?.version === '1') break
    assert.ok(Date.now() < until, 'the client has not found the new daemon')
    await sleep(50)
  }
})

test('deadline and signal end a call on both sides', async (t) => {
  const began: { aborted: Promise<void> }[] = []
  const { client } = await pair(t, {
    tasks: {
      wait: (_, options) =>
        new Promise((_, reject) => {
          const { promise, resolve } = Promise.withResolvers<void>()
          began.push({ aborted: promise })
          options?.signal?.addEventListener('abort', () => {
            resolve()
            reject(options.signal?.reason)
          })
        }),
    },
  })
  const request = { containerId: 'a', execId: '' }
  // On a loaded machine the time may be over before the call has come to the other side.
  for (let timeoutMs = 50; began.length === 0; timeoutMs *= 2)
    await assert.rejects(client.tasks.wait(request, { timeoutMs }), { code: 'deadline-exceeded' })
  await began.pop()?.aborted
  const controller = new AbortController()
  const waiting = assert.rejects(client.tasks.wait(request, { signal: controller.signal }), { code: 'cancelled' })
  while (began.length === 0) await sleep(5)
  controller.abort()
  await waiting
  await began.pop()?.aborted
  await assert.rejects(client.tasks.wait(request, { signal: AbortSignal.abort() }), { code: 'cancelled' })
})

test('a stream is no faster than its reader, and leaving it ends it on the other side', async (t) => {
  let sent = 0
  const ended = Promise.withResolvers<void>()
  const { client } = await pair(t, {
    content: {
      async *read() {
        try {
          for (; sent < 1000; sent++) yield { offset: BigInt(sent), data: new Uint8Array(contentChunkSize) }
        } finally {
          ended.resolve()
        }
      },
    },
  })
  let seen = 0
  for await (const chunk of readBlob(client.content, 'sha256:x', {})) {
    assert.equal(chunk.length, contentChunkSize)
    if (++seen === 3) {
      await sleep(300)
      break
    }
  }
  await ended.promise
  assert.ok(sent < 200, `${sent} chunks were sent to a reader of 3`)
})

test('a blob is written by its stream, resumed where it was, and found when it exists', async (t) => {
  let stored = Buffer.from('abc')
  const { client } = await pair(t, {
    content: {
      async *write(requests) {
        for await (const { action, offset, data, expected } of requests) {
          if (expected === 'sha256:there')
            throw new StackError('already-exists', 'content sha256:there: already exists')
          if (action === WriteAction.WRITE) {
            assert.equal(offset, BigInt(stored.length))
            stored = Buffer.concat([stored, data])
          }
          const state = { action, startedAt: undefined, updatedAt: undefined, total: 0n }
          yield { ...state, offset: BigInt(stored.length), digest: `size:${stored.length}` }
          if (action === WriteAction.COMMIT) return
        }
      },
    },
  })
  const source = async function* (offset: bigint) {
    yield Buffer.from('abcdefghi').subarray(Number(offset))
    yield Buffer.alloc(3 * contentChunkSize)
  }
  const result = await writeBlob(client.content, { ref: 'r' }, source, {})
  assert.deepEqual(result, { digest: `size:${9 + 3 * contentChunkSize}`, existed: false })
  assert.equal(stored.subarray(0, 9).toString(), 'abcdefghi')
  const again = await writeBlob(client.content, { ref: 'r', expected: 'sha256:there' }, source, {})
  assert.deepEqual(again, { digest: 'sha256:there', existed: true })
  const broken = async function* () {
    yield Buffer.from('x')
    throw new StackError('aborted', 'the download stopped')
  }
  await assert.rejects(
    writeBlob(client.content, { ref: 'r' }, () => broken(), {}),
    { code: 'aborted' },
  )
})

test('a socket that was left is replaced, anything else is not', async (t) => {
  const { address, folder } = await pair(t, {})
  await assert.rejects(serveContainerd(servicesWith({}), { address }), { code: 'already-exists' })
  const file = join(folder, 'file')
  await writeFile(file, 'precious')
  await assert.rejects(serveContainerd(servicesWith({}), { address: file }), { code: 'already-exists' })
  const long = join(folder, 'x'.repeat(108))
  await assert.rejects(serveContainerd(servicesWith({}), { address: long }), { code: 'invalid-argument' })
})

test('bytes that are no HTTP/2 do the server no harm', async (t) => {
  const { client, address } = await pair(t, { version: { version: async () => ({ version: '1', revision: '' }) } })
  for (const bytes of [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.alloc(4096, 0xff),
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff', 'latin1'),
  ]) {
    const socket = createConnection(address)
    socket.on('error', () => {})
    socket.end(bytes)
    await new Promise((resolve) => socket.once('close', resolve).resume())
  }
  assert.equal((await client.version.version({})).version, '1')
})

test('a client may end thousands of streams early on one connection', async (t) => {
  const { client } = await pair(t, {
    content: {
      async *read() {
        yield { offset: 0n, data: Buffer.alloc(1000) }
        yield { offset: 1000n, data: Buffer.alloc(1000) }
      },
    },
  })
  // Go's reader of content does exactly this, some 30,000 times for a gigabyte.
  for (let i = 0; i < 3000; i++)
    for await (const chunk of readBlob(client.content, 'sha256:x', {})) if (chunk.length > 0) break
})
