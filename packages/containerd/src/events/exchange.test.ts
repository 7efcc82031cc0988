// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { timestampNow } from '@teu/containerd-api'
import { silentLogger } from '../log/logger.ts'
import { EventExchange } from './exchange.ts'

async function take(events: AsyncIterable<{ topic: string }>, count: number): Promise<string[]> {
  const topics: string[] = []
  for await (const { topic } of events) {
    topics.push(topic)
    if (topics.length === count) break
  }
  return topics
}

test('a subscriber gets what its filters admit, in order, from its subscription on', async () => {
  const exchange = new EventExchange()
  exchange.publish('moby', '/tasks/start', 'TaskStart', { containerId: 'early' })
  const events = exchange.subscribe(['namespace==moby,topic~=|^/tasks/|', 'event.id==web'], undefined)
  exchange.publish('moby', '/tasks/start', 'TaskStart', { containerId: 'a' })
  exchange.publish('other', '/tasks/start', 'TaskStart', { containerId: 'a' })
  exchange.publish('moby', '/images/create', 'ImageCreate', { name: 'x' })
  exchange.publish('other', '/containers/create', 'ContainerCreate', { id: 'web' })
  exchange.publish('moby', '/tasks/exit', 'TaskExit', { containerId: 'a', exitStatus: 3 })
  assert.deepEqual(await take(events, 3), ['/tasks/start', '/containers/create', '/tasks/exit'])
})

test('fields of a message can be filtered, in their names on the wire', async () => {
  const exchange = new EventExchange()
  const filters = ['event.exit_status==3', 'event.runtime.name==runc', 'event.labels."a.b"==c']
  const events = exchange.subscribe(filters, undefined)
  exchange.publish('n', '/tasks/exit', 'TaskExit', { containerId: 'no', exitStatus: 4 })
  exchange.publish('n', '/tasks/exit', 'TaskExit', { containerId: 'yes', exitStatus: 3 })
  exchange.publish('n', '/containers/create', 'ContainerCreate', {
    id: 'x',
    runtime: { name: 'runc', options: undefined },
  })
  exchange.publish('n', '/images/create', 'ImageCreate', { name: 'x', labels: { 'a.b': 'c' } })
  assert.deepEqual(await take(events, 3), ['/tasks/exit', '/containers/create', '/images/create'])
})

test('a subscriber that does not read is ended, others are not held up', async () => {
  const exchange = new EventExchange()
  const slow = exchange.subscribe([], undefined)[Symbol.asyncIterator]()
  const quick = take(exchange.subscribe(['topic==/last/one'], undefined), 1)
  for (let i = 0; i < 20_000; i++) exchange.publish('n', '/images/delete', 'ImageDelete', { name: `${i}` })
  exchange.publishAny('n', '/last/one', undefined)
  assert.deepEqual(await quick, ['/last/one'])
  let seen = 0
  await assert.rejects(
    async () => {
      for (;;)
        if ((await slow.next()).done) return
        else seen++
    },
    { code: 'resource-exhausted' },
  )
  assert.equal(seen, 16_384)
})

test('a subscriber that is megabytes behind is ended, and said', async () => {
  const told: unknown[] = []
  const exchange = new EventExchange({ ...silentLogger, warn: (fields, message) => void told.push([fields, message]) })
  const slow = exchange.subscribe(['topic==/large/one'], undefined)[Symbol.asyncIterator]()
  const large = { typeUrl: 'x', value: new Uint8Array(3 * 1024 * 1024) }
  const publish = (value = large) => exchange.publishAny('n', '/large/one', value)
  publish({ typeUrl: 'x', value: new Uint8Array(12 * 1024 * 1024) })
  assert.equal((await slow.next()).value?.event?.value.length, 12 * 1024 * 1024, 'one event is never too large')
  for (let i = 0; i < 2; i++) publish()
  assert.deepEqual(told, [])
  // The subscriber reads an event, which then counts no more towards the limit.
  await slow.next()
  publish()
  assert.deepEqual(told, [])
  for (let i = 0; i < 100; i++) publish()
  assert.deepEqual(told, [
    [
      { filters: 'topic==/large/one' },
      'a subscriber to events is ended: it does not keep up, or its filters cannot judge an event',
    ],
  ])
  for (let i = 0; i < 2; i++) assert.equal((await slow.next()).done, false)
  await assert.rejects(slow.next(), { code: 'resource-exhausted', message: /8388608 bytes behind/ })
})

test('an aborted subscription ends', async () => {
  const exchange = new EventExchange()
  const abort = new AbortController()
  const ended = take(exchange.subscribe([], abort.signal), 1)
  abort.abort()
  assert.deepEqual(await ended, [])
})

test('malformed envelopes and topics are refused', () => {
  const exchange = new EventExchange()
  const envelope = { timestamp: timestampNow(), namespace: 'n', topic: '/a/b', event: undefined }
  exchange.forward(envelope)
  for (const bad of [
    { timestamp: undefined },
    { namespace: '' },
    { namespace: '../x' },
    { topic: '' },
    { topic: 'a' },
    { topic: '/' },
    { topic: '/a//b' },
    { topic: '/a/../b' },
  ])
    assert.throws(() => exchange.forward({ ...envelope, ...bad }), { code: 'invalid-argument' })
  assert.throws(() => exchange.forward(undefined), { code: 'invalid-argument' })
  assert.throws(() => exchange.subscribe(['='], undefined), { code: 'invalid-argument' })
})

test('a subscriber whose pattern cannot judge an event is ended, and its publisher is not held up', async () => {
  const exchange = new EventExchange()
  const events = exchange.subscribe(['event.name~=^(a?){200}a{200}$'], undefined)[Symbol.asyncIterator]()
  exchange.publish('n', '/images/delete', 'ImageDelete', { name: 'a'.repeat(1_000_000) })
  await assert.rejects(async () => events.next(), { code: 'resource-exhausted', message: /too long for regexp/ })
})
