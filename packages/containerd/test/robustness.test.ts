// SPDX-License-Identifier: Apache-2.0
// Bytes that no client would send, to every method: each call ends with a status, and the daemon goes on.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import test from 'node:test'
import { connectContainerd, serviceDefinitions } from '@teu/containerd-api'
import { startDaemon } from './daemon.ts'

// The client of the contract would not let such bytes out, so the transport is used as it is.
const contract = createRequire(import.meta.url).resolve('@teu/containerd-api/package.json')
const grpc = createRequire(contract)('@grpc/grpc-js') as typeof import('@grpc/grpc-js')

/** The same numbers in every run. */
function randomSource(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return state % below
  }
}

function junk(random: (below: number) => number): Buffer {
  const length = [0, 1, 7, 40, 300][random(5)]!
  const bytes = Buffer.from(Array.from({ length }, () => random(256)))
  // Half of it looks like fields with strings, which gets further in.
  if (random(2) === 0) return bytes
  const text = ['..', 'a', '../../x', 'sha256:x', '\0', 'x'.repeat(500), 'moby', '=', 'labels."'][random(9)]!
  const field = 1 + random(8)
  return Buffer.concat([
    Buffer.from([(field << 3) | 2]),
    varint(Buffer.byteLength(text)),
    Buffer.from(text),
    bytes.subarray(0, random(2) * 7),
  ])
}

function varint(value: number): Buffer {
  return value < 128 ? Buffer.from([value]) : Buffer.from([(value & 127) | 128, value >> 7])
}

test('junk to every method ends in a status, and does no harm', { timeout: 120_000 }, async (t) => {
  const daemon = await startDaemon(t)
  await daemon.listen()
  const address = join(daemon.folder, 'state/containerd.sock')
  const client = new grpc.Client(`unix://${address}`, grpc.credentials.createInsecure())
  t.after(() => client.close())
  const random = randomSource(4711)
  const pass = (bytes: Buffer) => bytes
  let calls = 0
  for (const { fullName, methods } of Object.values(serviceDefinitions))
    for (const method of Object.values(methods) as {
      name: string
      requestStream: boolean
      responseStream: boolean
    }[]) {
      const path = `/${fullName}/${method.name}`
      for (let round = 0; round < 25; round++) {
        const metadata = new grpc.Metadata()
        const namespace = ['fuzz', '', '..', 'x'.repeat(77), 'fuzz'][random(5)]!
        if (namespace !== '') metadata.set('containerd-namespace', namespace)
        if (random(4) === 0) metadata.set('containerd-lease', 'no-such-lease')
        const options = { deadline: Date.now() + 400 }
        const stream = method.responseStream || method.requestStream
        const done = Promise.withResolvers<void>()
        if (!stream) client.makeUnaryRequest(path, pass, pass, junk(random), metadata, options, () => done.resolve())
        else {
          const writable = method.requestStream
            ? client.makeBidiStreamRequest(path, pass, pass, metadata, options)
            : undefined
          const call = writable ?? client.makeServerStreamRequest(path, pass, pass, junk(random), metadata, options)
          call
            .on('data', () => {})
            .on('error', () => done.resolve())
            .on('end', () => done.resolve())
          if (writable) for (let i = 0; i < 3; i++) writable.write(junk(random))
          // A subscription or a watch stays open: what ends it is the client.
          setTimeout(() => call.cancel(), 50)
        }
        await done.promise
        calls++
      }
    }
  assert.ok(calls > 1000)
  await using services = connectContainerd({ address })
  assert.match((await services.version.version({})).version, /teu/)
  assert.deepEqual(
    (await services.namespaces.list({ filter: '' })).namespaces.filter(({ name }) => name.includes('.')),
    [],
  )
})

test('a message that is too large, and a method that is not there, are refused by their status', async (t) => {
  const daemon = await startDaemon(t)
  await daemon.listen()
  const client = new grpc.Client(`unix://${daemon.address}`, grpc.credentials.createInsecure(), {
    'grpc.max_send_message_length': -1,
  })
  t.after(() => client.close())
  const ask = async (path: string, bytes: Buffer) => {
    const { promise, resolve } = Promise.withResolvers<number | undefined>()
    client.makeUnaryRequest(
      path,
      (b: Buffer) => b,
      (b) => b,
      bytes,
      new grpc.Metadata(),
      (error) => resolve(error?.code),
    )
    return promise
  }
  const version = '/containerd.services.version.v1.Version/Version'
  assert.equal(await ask(version, Buffer.alloc(17 * 1024 * 1024)), grpc.status.RESOURCE_EXHAUSTED)
  assert.equal(await ask('/containerd.services.version.v1.Version/Nothing', Buffer.alloc(0)), grpc.status.UNIMPLEMENTED)
  assert.equal(await ask('/no.such.Service/Nothing', Buffer.alloc(0)), grpc.status.UNIMPLEMENTED)
  assert.equal(await ask(version, Buffer.alloc(0)), undefined)
})
