// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { Duplex } from 'node:stream'
import { test } from 'node:test'
import { decodeResponse, encodeRequest } from './envelope.ts'
import { encodeHeader, type Frame } from './frame.ts'
import { FrameReader } from './frame-reader.ts'
import { memoryPair } from './memory-pair.ts'
import { createTtrpcServer, type TtrpcServer } from './server.ts'

const bytes = {
  encode: (message: Uint8Array) => ({ finish: () => message }),
  decode: (message: Uint8Array) => message,
}
const unary = {
  requestType: bytes,
  requestStream: false,
  responseType: bytes,
  responseStream: false,
  options: {},
} as const
const Example = {
  name: 'Example',
  fullName: 'test.Example',
  methods: { echo: { ...unary, name: 'Echo' }, never: { ...unary, name: 'Never' } },
} as const

/** A peer that writes raw frames, and collects what it is answered. */
class RawPeer {
  readonly answers: Frame[] = []
  readonly stream: Duplex
  readonly server: TtrpcServer

  constructor(maximumConcurrentCalls?: number) {
    const [near, far] = memoryPair()
    const reader = new FrameReader()
    near.on('data', (chunk: Buffer) => reader.push(chunk, (frame) => this.answers.push(frame)))
    this.stream = near
    this.server = createTtrpcServer({ maximumConcurrentCalls })
    this.server.add(Example, { echo: async (request) => request, never: () => new Promise(() => {}) })
    this.server.serve(far)
  }

  send(streamId: number, type: number, flags: number, body: Uint8Array, length = body.length): void {
    this.stream.write(encodeHeader({ length, streamId, type, flags }))
    if (body.length > 0) this.stream.write(body)
  }

  /** The next answer, as stream id, status and message. */
  async answer(): Promise<[number, number, string]> {
    for (let tries = 0; tries < 200 && this.answers.length === 0; tries++)
      await new Promise((next) => setTimeout(next, 2))
    const frame = this.answers.shift()
    assert.ok(frame?.body, 'no answer came')
    const { status, payload } = decodeResponse(frame.body)
    return [frame.streamId, status?.code ?? 0, status?.message ?? Buffer.from(payload).toString()]
  }

  async stillServes(streamId: number): Promise<void> {
    this.send(streamId, 1, 0, request('Echo', 'alive'))
    assert.deepEqual(await this.answer(), [streamId, 0, 'alive'])
  }
}

function request(method: string, payload = '', timeoutNano = 0n): Uint8Array {
  return encodeRequest({ service: 'test.Example', method, payload: Buffer.from(payload), timeoutNano, metadata: {} })
}

const odd = 'StreamID must be odd for client initiated streams'
const reused = 'StreamID cannot be re-used and must increment'
const inactive = 'StreamID is no longer active'

const table: [string, number, number, number, Uint8Array, [number, RegExp]][] = [
  ['an even stream id', 2, 1, 0, request('Echo'), [3, new RegExp(odd)]],
  ['stream id zero', 0, 1, 0, request('Echo'), [3, new RegExp(odd)]],
  ['data on a stream that is not open', 9, 3, 0, Buffer.from('x'), [3, new RegExp(inactive)]],
  ['a request without service and method', 9, 1, 0, new Uint8Array(), [12, /^service /]],
  ['a request that is no protobuf', 9, 1, 0, Buffer.from('ffff', 'hex'), [3, /^unmarshal request error: /]],
  ['an unknown method', 9, 1, 0, request('Nope'), [12, /^method Nope/]],
]

for (const [name, streamId, type, flags, body, [code, message]] of table) {
  test(`${name} is answered with status ${code}, and the connection goes on`, async () => {
    const peer = new RawPeer()
    peer.send(streamId, type, flags, body)
    const answer = await peer.answer()
    assert.deepEqual(answer.slice(0, 2), [streamId, code])
    assert.match(answer[2], message)
    await peer.stillServes(101)
  })
}

test('a stream id that was used, or goes back, is refused', async () => {
  const peer = new RawPeer()
  await peer.stillServes(7)
  for (const streamId of [7, 5]) {
    peer.send(streamId, 1, 0, request('Echo'))
    assert.deepEqual(await peer.answer(), [streamId, 3, reused])
  }
  await peer.stillServes(9)
})

test('a frame over 4 MiB is refused on its stream and skipped', async () => {
  const peer = new RawPeer()
  const length = 4 * 1024 * 1024 + 1
  peer.send(1, 1, 0, Buffer.alloc(length))
  const message = `message length ${length} exceed maximum message size of 4194304`
  assert.deepEqual(await peer.answer(), [1, 8, message])
  await peer.stillServes(3)
})

test('a header that promises 4 GiB is answered before any of it has come', async () => {
  const peer = new RawPeer()
  peer.send(1, 1, 0, new Uint8Array(), 0xffff_ffff)
  assert.equal((await peer.answer())[1], 8)
})

test('unknown types and answers from a client are passed over', async () => {
  const peer = new RawPeer()
  for (const type of [0, 2, 4, 255]) peer.send(1, type, 0xff, Buffer.from('noise'))
  await peer.stillServes(1)
  assert.equal(peer.answers.length, 0)
})

test('a timeout that is negative has passed already', async () => {
  const peer = new RawPeer()
  peer.send(1, 1, 0, request('Echo', 'x', -5n))
  // The handler answers all the same: it did not ask.
  assert.equal((await peer.answer())[0], 1)
  await peer.stillServes(3)
})

test('calls beyond the limit are refused while the others wait', async () => {
  const peer = new RawPeer(100)
  for (let n = 0; n < 100; n++) peer.send(1 + 2 * n, 1, 0, request('Never'))
  peer.send(201, 1, 0, request('Echo'))
  assert.equal((await peer.answer())[1], 8)
})

test('data for a call that was asked whole is refused, and not kept', async () => {
  const peer = new RawPeer()
  peer.send(1, 1, 0, request('Never', ''))
  const large = new Uint8Array(1024 * 1024)
  // More than a stream may have waiting, after which the connection would not be read.
  for (let i = 0; i < 100; i++) {
    peer.send(1, 3, 0, large)
    assert.deepEqual(await peer.answer(), [1, 3, 'StreamID is no longer active'])
  }
  await peer.stillServes(3)
})

test('a peer that asks and never reads is read no further', async () => {
  const [near, far] = memoryPair()
  const server = createTtrpcServer()
  let served = 0
  server.add(Example, {
    echo: async (message) => {
      served++
      return message
    },
    never: () => new Promise(() => {}),
  })
  server.serve(far)
  const body = request('Echo', 'x'.repeat(100_000))
  const total = 400
  for (let n = 0; n < total; n++) {
    near.write(encodeHeader({ length: body.length, streamId: 1 + 2 * n, type: 1, flags: 0 }))
    near.write(body)
    // As from a socket: one turn of the event loop for each read.
    await new Promise(setImmediate)
  }
  const before = served
  assert.ok(before < total / 2, `${before} of ${total} were served to a peer that reads nothing`)
  near.resume()
  for (let tries = 0; tries < 500 && served < total; tries++) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(served, total)
})

test('a peer that leaves within a frame, or says nothing, costs nothing', async () => {
  const peer = new RawPeer()
  peer.stream.write(Buffer.from([0, 0, 0, 9, 0]))
  await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(peer.server.connections, 1)
  peer.stream.destroy()
  for (let tries = 0; tries < 100 && peer.server.connections > 0; tries++)
    await new Promise((next) => setTimeout(next, 2))
  assert.equal(peer.server.connections, 0)
})
