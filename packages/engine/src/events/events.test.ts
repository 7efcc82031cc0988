// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { nowNanoseconds } from '../clock.ts'
import { createEventBus, encodeEvent } from './event-bus.ts'
import { eventFilter } from './event-filter.ts'
import { eventLines } from './event-lines.ts'

const never = new AbortController().signal

test('past events are replayed, then new ones follow, each once', async () => {
  const bus = createEventBus()
  bus.publish('container', 'create', 'a')
  const since = nowNanoseconds()
  await new Promise((resolve) => setTimeout(resolve, 2))
  bus.publish('container', 'start', 'a')
  const abort = new AbortController()
  const events = bus.subscribe({ since, follow: true, signal: abort.signal })
  bus.publish('container', 'die', 'a')
  const seen: string[] = []
  for await (const event of events) {
    seen.push(event.action)
    if (seen.length === 2) bus.publish('container', 'destroy', 'a')
    if (seen.length === 3) abort.abort()
  }
  assert.deepEqual(seen, ['start', 'die', 'destroy'])
  assert.equal(bus.subscribers, 0)
})

test('a reader that falls too far behind is cut off, the bus is not', async () => {
  const bus = createEventBus()
  const events = bus.subscribe({ follow: true, signal: never })
  for (let i = 0; i < 10_000; i++) bus.publish('image', 'pull', String(i))
  let count = 0
  for await (const _ of events) count++
  assert.ok(count > 1000 && count < 10_000)
})

test('a reader that is megabytes behind is cut off, and gets no event after a gap', async () => {
  const bus = createEventBus()
  const events = bus.subscribe({ follow: true, signal: never })[Symbol.asyncIterator]()
  for (let i = 0; i < 17; i++) bus.publish('container', 'start', String(i), { label: 'x'.repeat(1 << 20) })
  for (let i = 0; i < 8; i++) assert.equal((await events.next()).value?.id, String(i))
  bus.publish('container', 'start', 'after the gap')
  const rest = []
  for (let next = await events.next(); !next.done; next = await events.next()) rest.push(next.value.id)
  assert.equal(rest.at(-1), '15')
  assert.equal(bus.subscribers, 0)
})

test('a reader is cut off by how much it leaves unread, too, and long events of the past are fewer', async () => {
  const bus = createEventBus()
  const events = bus.subscribe({ follow: true, signal: never })
  const attributes = { label: 'x'.repeat(1 << 20) }
  for (let i = 0; i < 100; i++) bus.publish('container', 'start', String(i), attributes)
  const unread = (await Array.fromAsync(events)).map(({ id }) => id)
  assert.ok(unread.length >= 16 && unread.length < 20, `${unread.length}`)
  assert.equal(unread[0], '0')
  const past = (await Array.fromAsync(bus.subscribe({ since: 0n, follow: false, signal: never }))).map(({ id }) => id)
  assert.ok(past.length >= 3 && past.length < 6, `${past.length}`)
  assert.equal(past.at(-1), '99')
  bus.publish('container', 'start', 'longer', { label: 'x'.repeat(8 << 20) })
  const last = await Array.fromAsync(bus.subscribe({ since: 0n, follow: false, signal: never }))
  assert.deepEqual(
    last.map(({ id }) => id),
    ['longer'],
  )
})

test('lines are the wire form, with exact nanoseconds', async () => {
  const bus = createEventBus()
  bus.publish('container', 'die', 'id1', { name: 'web', image: 'busybox', exitCode: '0' })
  const until = nowNanoseconds() + 1_000_000n
  await new Promise((resolve) => setTimeout(resolve, 3))
  const [line, ...rest] = await Array.fromAsync(eventLines(bus, { since: 0n, until, filters: {}, signal: never }))
  assert.equal(rest.length, 0)
  const value = JSON.parse(line as string)
  assert.deepEqual(value.Actor, { ID: 'id1', Attributes: { exitCode: '0', image: 'busybox', name: 'web' } })
  assert.deepEqual([value.status, value.id, value.from, value.scope], ['die', 'id1', 'busybox', 'local'])
  assert.match(line as string, /"time":\d{10},"timeNano":\d{19}\}\n$/)
})

test('filters choose by type, action, actor, image and label', () => {
  const attributes = { name: 'web', image: 'busybox:1', tier: 'front' }
  const event = { type: 'container', action: 'exec_start: ls', id: 'abc', attributes, nanoseconds: 1n } as const
  const yes = [
    { type: ['container'] },
    { event: ['exec_start'] },
    { container: ['web'] },
    { container: ['ab'] },
    { image: ['busybox'] },
    { label: ['tier=front'] },
    { type: ['image', 'container'], event: ['exec_start: ls'] },
  ]
  const no = [
    { type: ['image'] },
    { event: ['start'] },
    { container: ['x'] },
    { label: ['tier=back'] },
    { volume: ['web'] },
  ]
  for (const filters of yes) assert.equal(eventFilter(filters)(event), true, JSON.stringify(filters))
  for (const filters of no) assert.equal(eventFilter(filters)(event), false, JSON.stringify(filters))
  assert.throws(() => eventFilter({ nme: ['x'] }), /invalid filter 'nme'/)
  assert.match(encodeEvent(event), /^\{"status":"exec_start: ls"/)
})
