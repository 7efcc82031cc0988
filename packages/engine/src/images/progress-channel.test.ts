// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import type { ProgressMessage } from '@teu/engine-api'
import { KeyedLock, Slots } from './keyed-lock.ts'
import { ProgressChannel } from './progress-channel.ts'
import { LayerProgress } from './pull/layer-progress.ts'

test('lines come out in order, and a failure after the last of them', async () => {
  const channel = new ProgressChannel()
  const seen: (string | undefined)[] = []
  const reading = async () => {
    for await (const { status } of channel.during(async () => {
      channel.push({ status: 'one' })
      await new Promise((resolve) => setTimeout(resolve, 5))
      channel.push({ status: 'two' })
      throw new Error('three')
    }))
      seen.push(status)
  }
  await assert.rejects(reading(), { message: 'three' })
  assert.deepEqual(seen, ['one', 'two'])
})

test('counters that nobody has read are replaced, states are not', async () => {
  const channel = new ProgressChannel()
  const lines: ProgressMessage[] = []
  const work = async () => {
    const layer = { mediaType: '', digest: `sha256:${'ab'.repeat(32)}` as const, size: 1000 }
    const progress = new LayerProgress(channel, layer)
    progress.state('Pulling fs layer')
    for (let bytes = 1; bytes <= 1000; bytes++) progress.downloaded(bytes)
    progress.state('Download complete')
  }
  for await (const line of channel.during(work)) lines.push(line)
  assert.deepEqual(lines, [
    { status: 'Pulling fs layer', progressDetail: {}, id: 'abababababab' },
    {
      status: 'Downloading',
      id: 'abababababab',
      progressDetail: { current: 1000, total: 1000 },
      progress: `[${'='.repeat(50)}]  1kB/1kB`,
    },
    { status: 'Download complete', progressDetail: {}, id: 'abababababab' },
  ])
})

test('a bar of docker', async () => {
  const channel = new ProgressChannel()
  const work = async () => channel.count('Downloading', 'x', 1_234_567, 4_000_000)
  const [line] = await Array.fromAsync(channel.during(work))
  assert.equal(line?.progress, `[${'='.repeat(15)}>${' '.repeat(34)}]  1.235MB/4MB`)
})

test('a reader that leaves aborts the work and waits for its end', async () => {
  const channel = new ProgressChannel()
  let ended = false
  const work = async (signal: AbortSignal) => {
    channel.push({ status: 'begun' })
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    await new Promise((resolve) => setTimeout(resolve, 5))
    ended = true
  }
  for await (const _ of channel.during(work)) break
  assert.equal(ended, true)
})

test('a lock lets one in at a time, and gives up waiting when told', async () => {
  const lock = new KeyedLock()
  const order: string[] = []
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const first = lock.run('k', async () => {
    await gate
    order.push('first')
  })
  const abort = new AbortController()
  const second = lock.run('k', async () => order.push('second'), abort.signal)
  const third = lock.run('k', async () => order.push('third'))
  await lock.run('other', async () => order.push('other'))
  abort.abort()
  await assert.rejects(second, { name: 'AbortError' })
  open()
  await Promise.all([first, third])
  assert.deepEqual(order, ['other', 'first', 'third'])
  await assert.rejects(
    lock.run('k', async () => Promise.reject(new Error('x'))),
    { message: 'x' },
  )
  assert.equal(await lock.run('k', async () => 'again'), 'again')
})

test('slots admit as many as they are', async () => {
  const slots = new Slots(2)
  let running = 0
  let most = 0
  const work = async () => {
    running++
    most = Math.max(most, running)
    await new Promise((resolve) => setTimeout(resolve, 1))
    running--
  }
  await Promise.all(Array.from({ length: 7 }, () => slots.run(work)))
  assert.equal(most, 2)
  assert.equal(slots.full, false)
})
