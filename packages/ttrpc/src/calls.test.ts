// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StackError } from '@teu/errors'
import { createTtrpcClient } from './client.ts'
import { ttrpcClient } from './client-proxy.ts'
import { memoryPair } from './memory-pair.ts'
import { createTtrpcServer } from './server.ts'
import type { CallOptions, Service } from './service.ts'

const text = {
  encode: (message: string) => ({ finish: () => new TextEncoder().encode(message) }),
  decode: (bytes: Uint8Array) => new TextDecoder('utf-8', { fatal: true }).decode(bytes),
}

function method<const Q extends boolean, const R extends boolean>(name: string, requestStream: Q, responseStream: R) {
  return { name, requestType: text, requestStream, responseType: text, responseStream, options: {} }
}

const Example = {
  name: 'Example',
  fullName: 'test.Example',
  methods: {
    echo: method('Echo', false, false),
    wait: method('Wait', false, false),
    count: method('Count', false, true),
    join: method('Join', true, false),
    upper: method('Upper', true, true),
  },
} as const

type ExampleService = Service<typeof Example>

async function* words(...list: string[]): AsyncIterable<string> {
  yield* list
}

function pair(overrides: Partial<ExampleService> = {}) {
  const [near, far] = memoryPair()
  const server = createTtrpcServer()
  const seen: CallOptions[] = []
  server.add(Example, {
    echo: async (request, options) => {
      seen.push(options ?? {})
      return request
    },
    wait: (_, options) =>
      new Promise((_resolve, reject) =>
        options?.signal?.addEventListener('abort', () => reject(options.signal?.reason)),
      ),
    count: async function* (request) {
      for (let n = 1; n <= Number(request); n++) yield String(n)
    },
    join: async (requests) => (await Array.fromAsync(requests)).join(' '),
    upper: async function* (requests) {
      for await (const request of requests) yield request.toUpperCase()
    },
    ...overrides,
  })
  server.serve(far)
  const client = createTtrpcClient(near)
  return { client, server, seen, example: ttrpcClient(Example, client) }
}

test('unary calls carry metadata and a timeout, and an empty message is a message', async () => {
  const { example, seen } = pair()
  assert.equal(await example.echo('hello', { timeoutMs: 5000, metadata: { key: 'value' } }), 'hello')
  assert.equal(await example.echo(''), '')
  assert.equal(seen[0]?.timeoutMs, 5000)
  assert.deepEqual({ ...seen[0]?.metadata }, { key: 'value' })
  assert.equal(seen[1]?.timeoutMs, undefined)
})

test('calls in flight are answered in any order', async () => {
  const release: (() => void)[] = []
  const { example } = pair({ echo: (request) => new Promise((resolve) => release.push(() => resolve(request))) })
  const answers: string[] = []
  const calls = ['1', '2', '3'].map((name) => example.echo(name).then((answer) => answers.push(answer)))
  while (release.length < 3) await new Promise(setImmediate)
  for (const next of release.reverse()) {
    next()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await Promise.all(calls)
  assert.deepEqual(answers, ['3', '2', '1'])
})

test('what a handler throws arrives with its class and message', async () => {
  const { example } = pair({
    echo: async () => {
      throw new StackError('not-found', 'no such thing: x')
    },
  })
  await assert.rejects(example.echo(''), { code: 'not-found', message: 'no such thing: x' })
})

test('an unknown method or service is not implemented, an unreadable message invalid', async () => {
  const { client, example } = pair()
  const absent = method('Absent', false, false)
  await assert.rejects(client.unary('test.Example', absent, ''), { code: 'not-implemented', message: 'method Absent' })
  await assert.rejects(client.unary('no.Such', absent, ''), { code: 'not-implemented', message: 'service no.Such' })
  const broken = {
    ...Example.methods.echo,
    requestType: { encode: () => ({ finish: () => Buffer.from([0xff]) }), decode: text.decode },
  }
  await assert.rejects(client.unary('test.Example', broken, ''), {
    code: 'invalid-argument',
    message: /^unmarshal request error: /,
  })
  assert.equal(await example.echo('still there'), 'still there')
})

test('a timeout ends the call on both sides', async () => {
  let reason: unknown
  const { example } = pair({
    wait: (_, options) =>
      new Promise((_resolve, reject) => {
        options?.signal?.addEventListener('abort', () => {
          reason = options.signal?.reason
          reject(reason)
        })
      }),
  })
  await assert.rejects(example.wait('', { timeoutMs: 20 }), { code: 'deadline-exceeded' })
  while (reason === undefined) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal((reason as StackError).code, 'deadline-exceeded')
  await assert.rejects(example.wait('', { timeoutMs: 0 }), { code: 'deadline-exceeded' })
})

test('an aborted signal ends the call, and the late answer is dropped', async () => {
  const { example } = pair()
  const controller = new AbortController()
  const call = example.wait('', { signal: controller.signal })
  controller.abort()
  await assert.rejects(call, { code: 'cancelled' })
  await assert.rejects(example.wait('', { signal: AbortSignal.abort() }), { code: 'cancelled' })
  assert.equal(await example.echo('next'), 'next')
})

test('when the peer goes, its handlers are aborted and calls become unavailable', async () => {
  let aborted = false
  const { example, client, server } = pair({
    wait: (_, options) =>
      new Promise(() => {
        options?.signal?.addEventListener('abort', () => {
          aborted = true
        })
      }),
  })
  const call = example.wait('')
  await new Promise((resolve) => setTimeout(resolve, 5))
  client.close()
  await assert.rejects(call, { code: 'unavailable' })
  await assert.rejects(example.echo(''), { code: 'unavailable' })
  while (!aborted || server.connections > 0) await new Promise((resolve) => setTimeout(resolve, 5))
})

test('streams run in each direction and in both', async () => {
  const { example } = pair()
  assert.deepEqual(await Array.fromAsync(example.count('3')), ['1', '2', '3'])
  assert.deepEqual(await Array.fromAsync(example.count('0')), [])
  assert.equal(await example.join(words('a', 'b', 'c')), 'a b c')
  assert.deepEqual(await Array.fromAsync(example.upper(words('x', 'y'))), ['X', 'Y'])
  assert.equal((await Array.fromAsync(example.count('5000'))).length, 5000)
})

test('a stream that fails gives its messages first, then the error', async () => {
  const { example } = pair({
    count: async function* () {
      yield '1'
      throw new StackError('data-loss', 'no more')
    },
  })
  const got: string[] = []
  await assert.rejects(
    async () => {
      for await (const message of example.count('')) got.push(message)
    },
    { code: 'data-loss' },
  )
  assert.deepEqual(got, ['1'])
})

test('a message over 4 MiB is refused by its sender, both ways, and the connection goes on', async () => {
  const { example } = pair({ count: async function* () {}, join: async () => 'x'.repeat(5_000_000) })
  await assert.rejects(example.echo('x'.repeat(5_000_000)), { code: 'resource-exhausted' })
  await assert.rejects(example.join(words()), { code: 'resource-exhausted' })
  assert.equal(await example.echo('still there'), 'still there')
})

test('a second implementation of a service is refused', () => {
  const { server } = pair()
  assert.throws(() => server.add(Example, {} as ExampleService), { code: 'already-exists' })
})
