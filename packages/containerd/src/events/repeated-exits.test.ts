// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Envelope, timestampNow } from '@teu/containerd-api'
import { ttrpcEventsService } from '../services/events-service.ts'
import { packEvent } from './event-types.ts'
import { EventExchange } from './exchange.ts'

const exitOf = (containerId: string, nanos: number, namespace = 'moby'): Envelope => ({
  timestamp: timestampNow(),
  namespace,
  topic: '/tasks/exit',
  event: packEvent('TaskExit', {
    containerId,
    id: containerId,
    pid: 7,
    exitStatus: 3,
    exitedAt: { seconds: 9n, nanos },
  }),
})

test('an exit that a shim tells twice is heard once, whenever it was sent', async () => {
  const exchange = new EventExchange()
  const { forward } = ttrpcEventsService(exchange)
  const heard: string[] = []
  exchange.listen(({ namespace, topic }) => heard.push(`${namespace} ${topic}`))
  const send = (envelope: Envelope) => forward({ envelope }, {} as Parameters<typeof forward>[1])
  for (let round = 0; round < 3; round++) await send(exitOf('a', 1))
  assert.deepEqual(heard, ['moby /tasks/exit'])
  await send(exitOf('a', 2))
  await send(exitOf('b', 1))
  await send(exitOf('a', 1, 'other'))
  assert.equal(heard.length, 4)
  const start = { ...exitOf('a', 1), topic: '/tasks/start' }
  await send(start)
  await send(start)
  assert.equal(heard.length, 6, 'nothing but exits is told apart')
})

test('what is remembered has an end', async () => {
  const exchange = new EventExchange()
  const { forward } = ttrpcEventsService(exchange)
  let heard = 0
  exchange.listen(() => heard++)
  const send = (envelope: Envelope) => forward({ envelope }, {} as Parameters<typeof forward>[1])
  for (let nanos = 0; nanos <= 4096; nanos++) await send(exitOf('a', nanos))
  assert.equal(heard, 4097)
  await send(exitOf('a', 0))
  assert.equal(heard, 4098)
  await send(exitOf('a', 4096))
  assert.equal(heard, 4098)
})
