// SPDX-License-Identifier: Apache-2.0
import { type EventEmitter, once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { StackError } from '@teu/errors'

/** What is done to a body. @internal */
export type Tap = { kind: 'drop' | 'stall' | 'corrupt'; atByte: number } | { kind: 'slow'; bytesPerSecond: number }

/** So often a slow body moves on. */
const tickMs = 20

type Done = (error?: Error | null) => void

/** Puts a tap on what a response sends. @internal */
export function tapResponse(response: ServerResponse, tap: Tap): void {
  const write = response.write.bind(response) as (chunk: Uint8Array, done?: Done) => boolean
  const end = response.end.bind(response) as () => ServerResponse
  const state = { sent: 0 }
  const closed = closing(response)
  // Whoever writes does not always wait for what was written before.
  let queue: Promise<void> = Promise.resolve()
  const send = (chunk: Uint8Array) => new Promise<void>((resolve) => write(chunk, () => resolve()))
  const pass = (chunk: Uint8Array): Promise<void> => {
    const passing = () => passThrough(chunk, tap, state, send, () => response.socket?.destroySoon())
    queue = queue.then(() => Promise.race([passing(), closed]))
    queue.catch(() => {})
    return queue
  }
  response.write = ((chunk: Uint8Array | string, ...rest: unknown[]) => {
    const done = rest.find((argument) => typeof argument === 'function') as Done | undefined
    pass(Buffer.from(chunk as string)).then(
      () => done?.(),
      (error: Error) => done?.(error),
    )
    return true
  }) as typeof response.write
  response.end = ((chunk?: Uint8Array | string) => {
    const last = typeof chunk === 'string' || chunk instanceof Uint8Array ? pass(Buffer.from(chunk as string)) : queue
    // Before the first byte of a body comes the head, which an answer without a body has too.
    const isHeld = tap.kind === 'stall' && tap.atByte === 0
    const passed = isHeld ? closed : last
    passed.then(
      () => end(),
      () => response.destroy(),
    )
    return response
  }) as typeof response.end
}

/** Puts a tap on what is read of a request. @internal */
export function tapRequest(request: IncomingMessage, tap: Tap): void {
  const iterator = request.iterator.bind(request)
  request.iterator = ((options) => tapped(request, iterator(options), tap)) as IncomingMessage['iterator']
}

async function* tapped(request: IncomingMessage, source: AsyncIterable<Buffer>, tap: Tap): AsyncGenerator<Uint8Array> {
  const state = { sent: 0 }
  const closed = closing(request.socket)
  for await (const chunk of source) {
    const passed: Uint8Array[] = []
    const send = async (part: Uint8Array) => void passed.push(part)
    const passing = passThrough(chunk, tap, state, send, () => request.socket.destroy())
    const lost = await Promise.race([passing, closed]).then(
      () => undefined,
      (error: unknown) => error,
    )
    for (const part of passed) yield part
    if (lost !== undefined) throw lost
  }
}

/** Fails when a connection is closed. */
function closing(connection: EventEmitter): Promise<never> {
  const closed = once(connection, 'close').then(() => {
    throw new StackError('cancelled', 'the connection was closed')
  })
  closed.catch(() => {})
  return closed
}

async function passThrough(
  chunk: Uint8Array,
  tap: Tap,
  state: { sent: number },
  send: (chunk: Uint8Array) => Promise<void>,
  drop: () => void,
): Promise<void> {
  const start = state.sent
  state.sent += chunk.byteLength
  if (tap.kind === 'slow') return slowly(chunk, tap.bytesPerSecond, send)
  const at = tap.atByte - start
  if (at >= chunk.byteLength || (tap.kind === 'corrupt' && at < 0)) return send(chunk)
  if (tap.kind === 'corrupt') {
    const changed = Buffer.from(chunk)
    changed[at] = (changed[at] as number) ^ 1
    return send(changed)
  }
  if (at > 0) await send(chunk.subarray(0, at))
  if (tap.kind === 'drop') drop()
  // Nothing comes any more; the other end, or a limit on silence, ends this.
  return new Promise(() => {})
}

async function slowly(
  chunk: Uint8Array,
  bytesPerSecond: number,
  send: (chunk: Uint8Array) => Promise<void>,
): Promise<void> {
  const step = Math.max(1, Math.round((bytesPerSecond * tickMs) / 1000))
  const wait = Math.max(tickMs, (step * 1000) / bytesPerSecond)
  for (let at = 0; at < chunk.byteLength; at += step) {
    await send(chunk.subarray(at, at + step))
    await sleep(wait)
  }
}
