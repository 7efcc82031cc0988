// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { StackError } from '@teu/errors'
import { type Envelope, EventsDefinition, taskEvent, taskEvents } from '@teu/shim-api'
import { createTtrpcServer } from '@teu/ttrpc'
import { crowdedQueueLength, EventPublisher, eventQueueLength } from '../src/events/event-publisher.ts'

/** Serves Events on a socket; `refuse` is asked before an event is taken. */
async function serveEvents(address: string, taken: Envelope[], refuse: () => unknown = () => {}) {
  const server = createTtrpcServer()
  server.add(EventsDefinition, {
    forward: async ({ envelope }) => {
      await refuse()
      taken.push(envelope as Envelope)
      return {}
    },
  })
  await server.listen(address)
  return server
}

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp('/tmp/teu-events-')
  await use(folder).finally(() => rm(folder, { recursive: true }))
}

const started = (pid: number) => taskEvent(taskEvents.start, { containerId: 'c', pid })
const pidsOf = (taken: Envelope[]) => taken.map(({ event }) => taskEvents.start.decode(event?.value as Uint8Array).pid)

test('events wait for containerd, and arrive in order with the time at which they happened', () =>
  withFolder(async (folder) => {
    const address = join(folder, 'events.sock')
    const publisher = new EventPublisher({ namespace: 'n', address, log: () => {} })
    const before = Date.now()
    const published = [1, 2, 3].map((pid) => publisher.publish(started(pid)))
    await delay(150)
    const after = Date.now()
    const taken: Envelope[] = []
    const first = await serveEvents(address, taken)
    assert.deepEqual(await Promise.all(published), [true, true, true])
    await first.close()
    const later = [4, 5].map((pid) => publisher.publish(started(pid)))
    await delay(100)
    const second = await serveEvents(address, taken)
    assert.deepEqual(await Promise.all(later), [true, true])
    assert.deepEqual(pidsOf(taken), [1, 2, 3, 4, 5])
    assert.equal(taken[0]?.namespace, 'n')
    const at = Number(taken[0]?.timestamp?.seconds) * 1000 + Number(taken[0]?.timestamp?.nanos) / 1e6
    assert.ok(at >= before && at < after - 100)
    await publisher.close(0)
    await second.close()
  }))

test('an event that containerd refuses is given up after some attempts, and the next one goes on', () =>
  withFolder(async (folder) => {
    const address = join(folder, 'events.sock')
    const taken: Envelope[] = []
    let refusals = 0
    const server = await serveEvents(address, taken, () => {
      if (refusals++ < 5) throw new StackError('invalid-argument', 'not this one')
    })
    const lines: string[] = []
    const publisher = new EventPublisher({ namespace: 'n', address, log: (line) => lines.push(line) })
    const [one, two] = [publisher.publish(started(1)), publisher.publish(started(2))]
    assert.equal(await one, false)
    assert.equal(await two, true)
    assert.deepEqual(pidsOf(taken), [2])
    assert.equal(lines.length, 5)
    await publisher.close(0)
    await server.close()
  }))

test('the queue is bounded, and closing gives up what is left', () =>
  withFolder(async (folder) => {
    const publisher = new EventPublisher({ namespace: 'n', address: join(folder, 'nobody.sock'), log: () => {} })
    const published = Array.from({ length: 2050 }, (_, pid) => publisher.publish(started(pid)))
    assert.equal(await published[0], false)
    assert.equal(await published[1], false)
    await publisher.close(50)
    assert.ok((await Promise.all(published)).every((delivered) => !delivered))
    assert.equal(await publisher.publish(started(1)), false)
  }))

test('while containerd is slow those who make events wait; for one that is away they do not', () =>
  withFolder(async (folder) => {
    const address = join(folder, 'events.sock')
    const taken: Envelope[] = []
    let gate = Promise.withResolvers<void>()
    const server = await serveEvents(address, taken, () => gate.promise)
    const publisher = new EventPublisher({ namespace: 'n', address, log: () => {} })
    const published = Array.from({ length: crowdedQueueLength }, (_, pid) => publisher.publish(started(pid)))
    const cancelled = new AbortController()
    const left = publisher.room(cancelled.signal)
    cancelled.abort(new Error('the caller has left'))
    await assert.rejects(left, /the caller has left/)
    let roomy = false
    const room = publisher.room().then(() => {
      roomy = true
    })
    await delay(100)
    assert.equal(roomy, false)
    gate.resolve()
    await room
    assert.ok(taken.length > 0)
    await Promise.all(published)
    gate = Promise.withResolvers()
    for (let pid = 0; pid < crowdedQueueLength; pid++) void publisher.publish(started(pid))
    const others = [publisher.room(), publisher.room()]
    await delay(50)
    await server.close({ graceMs: 0 })
    await Promise.all(others)
    await publisher.room()
    await publisher.close(0)
    gate.resolve()
  }))

test('however many come while containerd is slow, it gets every one', () =>
  withFolder(async (folder) => {
    const address = join(folder, 'events.sock')
    const taken: Envelope[] = []
    const gate = Promise.withResolvers<void>()
    const server = await serveEvents(address, taken, () => gate.promise)
    const publisher = new EventPublisher({ namespace: 'n', address, log: () => {} })
    const published = Array.from({ length: 2 * eventQueueLength }, (_, pid) => publisher.publish(started(pid)))
    gate.resolve()
    assert.ok((await Promise.all(published)).every((delivered) => delivered))
    assert.deepEqual(pidsOf(taken), [...published.keys()])
    await publisher.close(0)
    await server.close()
  }))
