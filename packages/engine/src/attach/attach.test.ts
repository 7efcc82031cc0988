// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import test from 'node:test'
import { codeOf } from '@teu/errors'
import { OutputHub } from '../io/output-hub.ts'
import { Attachment } from './attach-streams.ts'
import { DetachFilter, parseDetachKeys } from './detach-keys.ts'

const never = new AbortController().signal

test('detach keys are characters and control keys', () => {
  assert.deepEqual(parseDetachKeys(undefined), [16, 17])
  assert.deepEqual(parseDetachKeys('a,ctrl-@,ctrl-_,DEL,ctrl-Z'), [97, 0, 31, 127, 26])
  for (const keys of ['ctrl-', 'ctrl-1', 'ab', 'ctrl-p,,x', 'é']) {
    assert.throws(
      () => parseDetachKeys(keys),
      (error) => codeOf(error) === 'invalid-argument',
      keys,
    )
  }
})

test('the detach sequence is found over chunks and never reaches the process', () => {
  const filter = new DetachFilter([16, 17])
  assert.deepEqual(filter.filter(Buffer.from([97, 16])), { pass: Uint8Array.from([97]), detached: false })
  assert.deepEqual(filter.filter(Buffer.from([98])), { pass: Uint8Array.from([16, 98]), detached: false })
  assert.deepEqual(filter.filter(Buffer.from([16, 16])), { pass: Uint8Array.from([16]), detached: false })
  assert.deepEqual(filter.filter(Buffer.from([17, 99])), { pass: Uint8Array.from([]), detached: true })
})

test('output between attaching and being served is delivered, in frames', async () => {
  const hub = new OutputHub(undefined)
  const attachment = new Attachment({ hub, stdout: true, stderr: false, framed: true })
  hub.write('stdout', Buffer.from('early'))
  hub.write('stderr', Buffer.from('not asked for'))
  const connection = new PassThrough()
  const written: Buffer[] = []
  const target = Object.assign(connection, {}) as PassThrough
  target.on('data', (chunk: Buffer) => written.push(chunk))
  const running = attachment.run(target, never)
  hub.write('stdout', Buffer.from('late'))
  hub.end()
  assert.equal(await running, 'process-ended')
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(Buffer.concat(written).toString('latin1'), '\x01\0\0\0\0\0\0\x05early\x01\0\0\0\0\0\0\x04late')
})

test('a client that does not read makes the process wait, and its leaving lets it go on', async () => {
  const hub = new OutputHub(undefined)
  const attachment = new Attachment({ hub, stdout: true, stderr: true, framed: false })
  const connection = new PassThrough({ highWaterMark: 1024 })
  const gone = new AbortController()
  const running = attachment.run(connection, gone.signal)
  connection.pause()
  const full = hub.write('stdout', Buffer.alloc(4 << 20))
  assert.ok(full instanceof Promise)
  connection.destroy()
  await full
  gone.abort()
  assert.equal(await running, 'client-gone')
  assert.equal(hub.write('stdout', Buffer.from('x')), undefined)
})

test('an input that is often full leaves no listener behind', async () => {
  const hub = new OutputHub(undefined)
  const stdin = new PassThrough({ highWaterMark: 1 })
  const open = async () => stdin as unknown as Socket
  const attachment = new Attachment({ hub, stdout: true, stderr: false, framed: false, stdin: open })
  const connection = new PassThrough()
  const running = attachment.run(connection, never)
  for (let round = 0; round < 20; round++) {
    connection.write('more than fits')
    while (stdin.read() === null) await new Promise((resolve) => setImmediate(resolve))
  }
  await new Promise((resolve) => setImmediate(resolve))
  assert.ok(stdin.listenerCount('close') <= 1 && stdin.listenerCount('drain') <= 1)
  hub.end()
  assert.equal(await running, 'process-ended')
})
