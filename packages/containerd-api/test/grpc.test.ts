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
import type { CallOptions } from '@teu/ttrpc'
import {
  bindContainerd,
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

/** A caller of services, on either side of no socket. */
type Door = (t: TestContext, overrides: Overrides) => Promise<{ client: ContainerdServices }>

const doors: Record<string, Door> = {
  'over gRPC': pair,
  'in process': async (_, overrides) => ({ client: bindContainerd(servicesWith(overrides)) }),
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

for (const [door, open] of Object.entries(doors))
  test(`${door}: every class of failure arrives, with its message`, async (t) => {
    const { client } = await open(t, {
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

for (const [door, open] of Object.entries(doors))
  test(`${door}: deadline and signal end a call on both sides`, async (t) => {
    const began: { aborted: Promise<void> }[] = []
    const { client } = await open(t, {
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

for (const [door, open] of Object.entries(doors))
  test(`${door}: a stream is no faster than its reader, and leaving it ends it on the other side`, async (t) => {
    let sent = 0
    const ended = Promise.withResolvers<void>()
    const { client } = await open(t, {
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

for (const [door, open] of Object.entries(doors))
  test(`${door}: a blob is written by its stream, resumed where it was, and found when it exists`, async (t) => {
    let stored = Buffer.from('abc')
    const { client } = await open(t, {
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

for (const [door, open] of Object.entries(doors))
  test(`${door}: metadata is printable text under keys in lower case`, async (t) => {
    const { client } = await open(t, {
      namespaces: { get: async (_, options) => ({ namespace: { name: '', labels: { ...options?.metadata } } }) },
    })
    const ask = async (metadata: Record<string, string>) =>
      (await client.namespaces.get({ name: '' }, { metadata })).namespace?.labels
    const labels = await ask({ 'Containerd-Namespace': 'moby', 'X_y.z': ' 1 ' })
    assert.equal(labels?.['containerd-namespace'], 'moby')
    assert.equal(labels?.['x_y.z'], '1')
    for (const bad of [{ 'a b': '' }, { '': '' }, { 'x-bin': '' }, { x: 'é' }, { x: 'a\nb' }] as Record<
      string,
      string
    >[])
      await assert.rejects(ask(bad), { code: 'invalid-argument', message: /^metadata/ })
  })

for (const [door, open] of Object.entries(doors))
  test(`${door}: a message of more than 16 MiB is refused, whichever way it goes`, async (t) => {
    const { client } = await open(t, {
      namespaces: { get: async ({ name }) => ({ namespace: { name: 'x'.repeat(Number(name)), labels: {} } }) },
      content: {
        async *read({ size }) {
          yield { offset: 0n, data: Buffer.alloc(Number(size)) }
        },
        async *write(requests) {
          for await (const { data } of requests)
            yield { ...status, offset: BigInt(data.length), digest: '', total: 0n, action: WriteAction.WRITE }
        },
      },
    })
    const status = { startedAt: undefined, updatedAt: undefined }
    const [fits, large] = [16 * 1024 * 1024 - 64, 16 * 1024 * 1024 + 1]
    const refused = { code: 'resource-exhausted', message: /larger than/ }
    const read = async (size: number) => {
      for await (const { data } of client.content.read({ digest: 'd', offset: 0n, size: BigInt(size) }))
        return data.length
      return 0
    }
    const write = async (size: number) => {
      const request = { action: WriteAction.WRITE, ref: '', total: 0n, expected: '', offset: 0n, labels: {} }
      const requests = async function* () {
        yield { ...request, data: Buffer.alloc(size) }
      }
      for await (const { offset } of client.content.write(requests())) return Number(offset)
      return 0
    }
    assert.equal((await client.namespaces.get({ name: String(fits) })).namespace?.name.length, fits)
    await assert.rejects(client.namespaces.get({ name: String(large) }), refused)
    await assert.rejects(client.namespaces.get({ name: 'x'.repeat(large) }), refused)
    assert.equal(await read(fits), fits)
    await assert.rejects(read(large), refused)
    assert.equal(await write(fits), fits)
    await assert.rejects(write(large), refused)
  })

for (const [door, open] of Object.entries(doors))
  test(`${door}: a stream ends with its signal, its deadline and its reader, also for who serves it`, async (t) => {
    const ended: string[] = []
    const { client } = await open(t, {
      events: {
        async *subscribe({ filters }, options) {
          const { promise, resolve } = Promise.withResolvers<void>()
          options?.signal?.addEventListener('abort', () => {
            ended.push(filters[0]!)
            resolve()
          })
          yield { timestamp: undefined, namespace: '', topic: '/first', event: undefined }
          await promise
        },
      },
      content: {
        async *write(requests) {
          try {
            for await (const _ of requests) yield { ...state, action: WriteAction.STAT }
          } finally {
            ended.push('write')
          }
        },
      },
    })
    const state = { startedAt: undefined, updatedAt: undefined, offset: 0n, total: 0n, digest: '' }
    const take = async (name: string, options: CallOptions, count = Number.POSITIVE_INFINITY) => {
      let seen = 0
      for await (const _ of client.events.subscribe({ filters: [name] }, options)) if (++seen === count) return
    }
    await assert.rejects(take('signal', { signal: AbortSignal.timeout(1500) }), { code: 'deadline-exceeded' })
    const abort = new AbortController()
    setTimeout(() => abort.abort(), 500)
    await assert.rejects(take('abort', { signal: abort.signal }), { code: 'cancelled' })
    await assert.rejects(take('deadline', { timeoutMs: 1500 }), { code: 'deadline-exceeded' })
    await take('left', {}, 1)
    await assert.rejects(take('before', { signal: AbortSignal.abort() }), { code: 'cancelled' })
    const silent = async function* () {
      yield { ...state, action: WriteAction.STAT, ref: '', expected: '', data: Buffer.alloc(0), labels: {} }
      await new Promise(() => {})
    }
    for await (const _ of client.content.write(silent())) break
    for (const until = Date.now() + 20_000; ended.length < 5; await sleep(5))
      assert.ok(Date.now() < until, ended.join(' '))
    assert.deepEqual(ended, ['signal', 'abort', 'deadline', 'left', 'write'])
  })

test('in process, a call ends whatever the implementation does about its signal', async () => {
  const client = bindContainerd(servicesWith({ tasks: { wait: () => new Promise(() => {}) } }))
  const request = { containerId: 'a', execId: '' }
  await assert.rejects(client.tasks.wait(request, { timeoutMs: 5 }), { code: 'deadline-exceeded' })
  await assert.rejects(client.tasks.wait(request, { signal: AbortSignal.timeout(5) }), { code: 'deadline-exceeded' })
})
