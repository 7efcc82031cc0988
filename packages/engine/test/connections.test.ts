// SPDX-License-Identifier: Apache-2.0
// Connections that are taken over, connections that ask for it in vain, and how they end.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import http from 'node:http'
import net, { type Socket } from 'node:net'
import { Readable } from 'node:stream'
import test, { type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeFrames } from '@teu/engine-api'
import { createHttpServer } from '../src/http/server.ts'
import { TestEngine } from './doubles/test-engine.ts'

const descriptors = () => readdirSync('/proc/self/fd').length

/** Waits until so many descriptors are open at most; fails with the number when they do not become fewer. */
async function settlesAt(most: number): Promise<void> {
  for (let tries = 0; descriptors() > most; tries++) {
    assert.ok(tries < 500, `${descriptors()} descriptors are open, not ${most}`)
    await sleep(10)
  }
}

function requestText(method: string, target: string, headers: readonly string[], body = ''): string {
  const length = body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${body.length}`]
  return [`${method} ${target} HTTP/1.1`, 'Host: docker', ...headers, ...length, '', body].join('\r\n')
}

/** Sends bytes and ends the client's side at once; settles with all that came when the server ends its own. */
function sendAndEnd(socketPath: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ path: socketPath, allowHalfOpen: true })
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.once('end', () => resolve(Buffer.concat(chunks).toString('latin1')))
    socket.once('error', reject)
    socket.end(bytes)
  })
}

async function openWith(t: TestContext, cmd: string[], config: object) {
  const engine = await TestEngine.start(t)
  const id = await engine.create(cmd, config)
  return { engine, id }
}

const upgrade = ['Connection: Upgrade', 'Upgrade: tcp']
const http2 = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA']

test('a request whose upgrade leads nowhere leaves no descriptor', async (t) => {
  const { engine, id } = await openWith(t, ['sleep'], {})
  await engine.client.containerStart(id)
  const { Id: exec } = await engine.client.execCreate(id, { Cmd: ['nosuch'], AttachStdout: true })
  await engine.client.execStart(exec).catch(() => {})
  const start = '{"Detach":false}'
  const cases: [string, RegExp][] = [
    [requestText('GET', '/_ping', http2), /^HTTP\/1\.1 200 OK\r\n[\s\S]*OK$/],
    [requestText('GET', '/nosuch', http2), /^HTTP\/1\.1 404 /],
    [requestText('POST', '/containers/nosuch/attach?stream=1&stdout=1', upgrade), /^HTTP\/1\.1 404 /],
    [requestText('POST', `/containers/${id}/attach?stream=1&detachKeys=nokey`, upgrade), /^HTTP\/1\.1 400 /],
    [requestText('POST', `/exec/${exec}/start`, upgrade, start), /^HTTP\/1\.1 409 /],
    [requestText('POST', '/exec/nosuch/start', upgrade, '{"Detach":true}'), /^HTTP\/1\.1 404 /],
    [
      `${requestText('POST', '/exec/nosuch/start', [...upgrade, 'Content-Length: 9'], '')}{"Detach"`,
      /^HTTP\/1\.1 400 /,
    ],
    [requestText('POST', '/session', [...upgrade, 'Upgrade: h2c']), /^HTTP\/1\.1 501 /],
  ]
  await engine.raw(cases[0]?.[0] ?? '')
  const before = descriptors()
  for (const [text, reply] of cases) {
    for (let round = 0; round < 20; round++) assert.match(await engine.raw(text), reply)
  }
  await settlesAt(before)
})

test('an upgrade where nothing can be upgraded is ignored: the body is read as of any request', async (t) => {
  const engine = await TestEngine.start(t)
  const body = '{"Image":"busybox","HostConfig":{"NetworkMode":"none"}}'
  const chunks = ['Content-Type: application/json', 'Transfer-Encoding: chunked']
  const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
  for (const text of [
    requestText('POST', '/containers/create', http2, body),
    requestText('POST', '/containers/create', [...http2, ...chunks]) + chunked,
  ]) {
    const reply = await engine.raw(text)
    assert.match(reply, /^HTTP\/1\.1 201 Created\r\n/)
    assert.match(reply, /connection: close/i)
  }
})

test('a client that goes on sending after a refusal gets the refusal, and then loses the connection', async (t) => {
  const engine = await TestEngine.start(t)
  const before = descriptors()
  const socket = net.connect(engine.socket)
  const refusal = new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(String(chunk))))
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => {})
  socket.write(requestText('POST', '/containers/nosuch/attach?stream=1&stdin=1', upgrade))
  const typing = setInterval(() => socket.write('x'.repeat(10_000)), 5)
  t.after(() => clearInterval(typing))
  assert.match(await refusal, /^HTTP\/1\.1 404 /)
  await ended
  clearInterval(typing)
  await settlesAt(before)
})

test('a client that is cut off while its body is awaited takes nothing with it', async (t) => {
  const engine = await TestEngine.start(t)
  const before = descriptors()
  for (let round = 0; round < 20; round++) {
    const socket = net.connect(engine.socket)
    await new Promise<void>((resolve) =>
      socket.write(requestText('POST', '/exec/x/start', [...upgrade, 'Content-Length: 99']), () => resolve()),
    )
    await sleep(2)
    socket.destroy()
  }
  await settlesAt(before)
  assert.equal((await engine.request('GET', '/_ping')).body, 'OK')
})

test('an input that is empty from the start ends the process that reads it', async (t) => {
  const { engine, id } = await openWith(t, ['cat'], { OpenStdin: true, StdinOnce: true })
  const attach = `/containers/${id}/attach?stream=1&stdin=1&stdout=1&stderr=1`
  const attached = sendAndEnd(engine.socket, requestText('POST', attach, upgrade))
  const { result } = await engine.client.containerWait(id, { condition: 'next-exit' })
  await sleep(20)
  await engine.client.containerStart(id)
  assert.match(await attached, /^HTTP\/1\.1 101 UPGRADED\r\n/)
  assert.deepEqual(await result, { StatusCode: 0 })
})

test('the empty input of an exec ends it, in one packet with its request or behind it', async (t) => {
  const { engine, id } = await openWith(t, ['sleep'], {})
  await engine.client.containerStart(id)
  engine.containerd.startTakes = 20
  for (const late of [false, true]) {
    const { Id } = await engine.client.execCreate(id, { Cmd: ['cat'], AttachStdin: true, AttachStdout: true })
    const text = requestText('POST', `/exec/${Id}/start`, upgrade, '{"Detach":false}')
    if (late) {
      const { stream, closeWrite } = await engine.client.execAttach(Id)
      closeWrite()
      assert.deepEqual(await Array.fromAsync(stream), [])
    } else assert.match(await sendAndEnd(engine.socket, text), /^HTTP\/1\.1 101 UPGRADED\r\n/)
    assert.equal((await engine.client.execInspect(Id)).ExitCode, 0)
  }
})

test('input that comes with the request and ends with it arrives whole', async (t) => {
  const { engine, id } = await openWith(t, ['sleep'], {})
  await engine.client.containerStart(id)
  const { Id } = await engine.client.execCreate(id, { Cmd: ['cat'], AttachStdin: true, AttachStdout: true })
  const text = requestText('POST', `/exec/${Id}/start`, upgrade, '{"Detach":false}')
  const reply = await sendAndEnd(engine.socket, `${text}all of it`)
  const [, ...body] = reply.split('\r\n\r\n')
  const frames = await Array.fromAsync(decodeFrames(Readable.from([Buffer.from(body.join('\r\n\r\n'), 'latin1')])))
  assert.equal(frames.map(({ payload }) => Buffer.from(payload).toString()).join(''), 'all of it')
})

test('a client with a terminal that ends its input is let go, and the process goes on', async (t) => {
  const { engine, id } = await openWith(t, ['sleep'], {})
  await engine.client.containerStart(id)
  const { Id } = await engine.client.execCreate(id, { Cmd: ['cat'], Tty: true, AttachStdin: true, AttachStdout: true })
  const { stream, closeWrite } = await engine.client.execAttach(Id, { Tty: true })
  closeWrite()
  assert.deepEqual(await Array.fromAsync(stream), [])
  assert.equal((await engine.client.execInspect(Id)).Running, true)
})

test('the end of an input that the container keeps open lets the client go', async (t) => {
  const { engine, id } = await openWith(t, ['cat'], { OpenStdin: true })
  await engine.client.containerStart(id)
  const attached = await engine.client.containerAttach(id, { stream: true, stdin: true, stdout: true })
  attached.closeWrite()
  assert.deepEqual(await Array.fromAsync(attached.stream), [])
  assert.equal((await engine.client.containerInspect(id)).State.Running, true)
})

test("an exec's frames and its content type are what the start asks for, whatever the create said", async (t) => {
  const { engine, id } = await openWith(t, ['sleep'], {})
  await engine.client.containerStart(id)
  const framed = Buffer.from('\x01\0\0\0\0\0\0\x03hi\n', 'latin1').toString('latin1')
  for (const created of [true, false, undefined]) {
    for (const started of [true, false, undefined]) {
      const tty = { ...(created === undefined ? {} : { Tty: created }) }
      const { Id } = await engine.client.execCreate(id, { Cmd: ['echo', 'hi'], AttachStdout: true, ...tty })
      const attached = await engine.client.execAttach(Id, started === undefined ? {} : { Tty: started })
      const output = Buffer.concat(await Array.fromAsync(attached.stream)).toString('latin1')
      const which = `create ${created}, start ${started}`
      assert.equal(output, started ? 'hi\n' : framed, which)
      assert.equal(attached.contentType.includes('raw'), started ?? false, which)
    }
  }
})

test('a client of a raw stream does not get the bytes of a second one between', async (t) => {
  const { engine, id } = await openWith(t, ['sleep'], {})
  await engine.client.containerStart(id)
  const streams = { AttachStdout: true, AttachStderr: true }
  const { Id } = await engine.client.execCreate(id, { Cmd: ['complain', 'x'], ...streams })
  const attached = await engine.client.execAttach(Id, { Tty: true })
  assert.deepEqual(await Array.fromAsync(attached.stream), [])
})

test('an error of a connection that nobody has taken over yet is not an uncaught one', async (t) => {
  const taken = Promise.withResolvers<Socket>()
  const server = createHttpServer(
    ({ socket }) => taken.resolve(socket),
    () => true,
  )
  t.after(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
  client.write(requestText('POST', '/', upgrade))
  const socket = await taken.promise
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.emit('error', new Error('the connection is broken'))
  await closed
  client.destroy()
})

test('a page whose name was rebound to this machine reads nothing over TCP, and a unix socket is not concerned', async (t) => {
  const engine = await TestEngine.start(t)
  const [address = ''] = await engine.listen('tcp://127.0.0.1:0')
  const port = Number(/:(\d+)$/.exec(address)?.[1])
  const get = async (host: string, origin?: string) => {
    const headers = { host, ...(origin === undefined ? {} : { origin }) }
    const request = http.get({ host: '127.0.0.1', port, path: '/info', headers, agent: false })
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    return { status: response.statusCode, body: Buffer.concat(await response.toArray()).toString() }
  }
  assert.equal((await get(`127.0.0.1:${port}`)).status, 200)
  const rebound = await get(`evil.example:${port}`)
  assert.equal(rebound.status, 403)
  assert.match(rebound.body, /^\{"message":"the host \\"evil\.example:\d+\\" is not a name of this engine/)
  assert.equal((await get(`localhost:${port}`, 'http://evil.example')).status, 403)
  assert.equal((await engine.request('GET', '/info', undefined, { host: 'evil.example' })).status, 200)
})

test('a client that never ends after a refusal loses its connection', async (t) => {
  const engine = await TestEngine.start(t)
  const socket = net.connect({ path: engine.socket, allowHalfOpen: true })
  socket.on('error', () => {})
  socket.write(requestText('POST', '/containers/nosuch/attach?stream=1&stdin=1', upgrade))
  socket.resume()
  await once(socket, 'end')
  // A half of the connection that nobody reads any more makes writing fail.
  for (let tries = 0; !socket.destroyed; tries++) {
    assert.ok(tries < 500, 'the connection is still there')
    socket.write('x')
    await sleep(10)
  }
})
