// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { digestOf } from '@teu/oci-spec/image'
import { startTransfer } from './transfer.ts'

interface Event {
  type: 'started' | 'progress' | 'completed'
  descriptor: { mediaType: string; digest: ReturnType<typeof digestOf>; size: number }
  received?: number
}
const descriptors = ['a', 'b'].map((text) => ({ mediaType: 'x/y', digest: digestOf(text), size: 1 }))
const event = (type: Event['type'], which: number, received?: number): Event => ({
  type,
  descriptor: descriptors[which] as Event['descriptor'],
  ...(received === undefined ? {} : { received }),
})

test('a slow reader gets the newest progress of each blob and everything else', async () => {
  const heard: Event[] = []
  const transfer = startTransfer<Event, number>(
    async (tell) => {
      tell(event('started', 0))
      for (let i = 1; i <= 1000; i++) tell(event('progress', 0, i))
      tell(event('started', 1))
      tell(event('progress', 1, 7))
      tell(event('progress', 0, 1001))
      tell(event('completed', 0))
      return 5
    },
    (one) => void heard.push(one),
  )
  const seen: string[] = []
  for await (const { type, received } of transfer) seen.push(`${type} ${received ?? ''}`.trim())
  assert.deepEqual(seen, ['started', 'started', 'progress 7', 'progress 1001', 'completed'])
  assert.equal(await transfer, 5)
  assert.equal(heard.length, 1005)
})

test('an iteration follows what happens, and ends with the failure', async () => {
  const steps: string[] = []
  const transfer = startTransfer<Event, void>(async (tell) => {
    for (const which of [0, 1]) {
      await setImmediate()
      steps.push(`tell ${which}`)
      tell(event('started', which))
    }
    await setImmediate()
    throw new Error('broke')
  })
  await assert.rejects(async () => {
    for await (const { descriptor } of transfer) steps.push(`hear ${descriptors.indexOf(descriptor)}`)
  }, /broke/)
  assert.deepEqual(steps, ['tell 0', 'hear 0', 'tell 1', 'hear 1'])
})

test('nobody needs to iterate', async () => {
  assert.equal(await startTransfer<Event, string>(async () => 'done'), 'done')
  await assert.rejects(
    startTransfer<Event, void>(async () => Promise.reject(new Error('broke'))),
    /broke/,
  )
})

test('two readers share what happens', async () => {
  const transfer = startTransfer<Event, void>(async (tell) => {
    for (let i = 0; i < 10; i++) {
      tell(event('started', 0))
      await setImmediate()
    }
  })
  const read = async () => (await Array.fromAsync(transfer)).length
  const [one, two] = await Promise.all([read(), read()])
  assert.equal(one + two, 10)
})
