// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import { codeOf } from '@teu/errors'
import { createEngineClient, decodeFrames, encodeFrame, upgradeHead } from '../src/index.ts'

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void

/** A server on a private socket, and a client of it; both are gone after the test. */
async function serve(
  t: TestContext,
  handler: Handler,
  onUpgrade?: (request: http.IncomingMessage, socket: Socket) => void,
) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'teu-client-'))
  const server = http.createServer({ allowHalfOpen: true } as http.ServerOptions, handler)
  if (onUpgrade) server.on('upgrade', (request, socket) => onUpgrade(request, socket as Socket))
  const file = path.join(directory, 's')
  await new Promise<void>((resolve) => server.listen(file, resolve))
  const client = createEngineClient({ host: `unix://${file}` })
  t.after(async () => {
    client.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    rmSync(directory, { recursive: true })
  })
  return { client, file }
}

function answerPing(request: http.IncomingMessage, response: http.ServerResponse, version: string): boolean {
  if (!request.url?.startsWith('/_ping')) return false
  response.setHeader('Api-Version', version).setHeader('Ostype', 'linux').end()
  return true
}

function json(response: http.ServerResponse, status: number, value: unknown): void {
  response.statusCode = status
  response.setHeader('Content-Type', 'application/json').end(JSON.stringify(value))
}

test('the first call negotiates down, once', async (t) => {
  const targets: string[] = []
  const { client } = await serve(t, (request, response) => {
    targets.push(`${request.method} ${request.url}`)
    if (!answerPing(request, response, '1.41')) json(response, 200, [])
  })
  await Promise.all([client.containerList(), client.imageList()])
  await client.networkList()
  assert.equal(client.apiVersion, '1.41')
  assert.deepEqual(
    targets.filter((target) => target.includes('_ping')),
    ['HEAD /_ping'],
  )
  assert.ok(targets.includes('GET /v1.41/containers/json'))
})

test('a server that knows no HEAD is asked again with GET', async (t) => {
  const { client } = await serve(t, (request, response) => {
    if (request.method === 'HEAD') json(response, 404, {})
    else answerPing(request, response, '1.30')
  })
  assert.equal((await client.ping()).apiVersion, '1.30')
})

test('failures carry the class and the message of the reply', async (t) => {
  const { client } = await serve(t, (request, response) => {
    if (!answerPing(request, response, '1.50')) json(response, 409, { message: 'name is taken' })
  })
  await assert.rejects(client.containerCreate({ name: 'x', config: { Image: 'i' } }), (error: Error) => {
    return codeOf(error) === 'conflict' && error.message === 'Error response from daemon: name is taken'
  })
})

test('not modified is success', async (t) => {
  const { client } = await serve(t, (request, response) => {
    if (!answerPing(request, response, '1.50')) response.writeHead(304).end()
  })
  await client.containerStart('x')
})

test('no daemon is told in the words that users know', async () => {
  const client = createEngineClient({ host: 'unix:///nowhere/at/all.sock' })
  await assert.rejects(client.info(), (error: Error) => {
    return (
      codeOf(error) === 'unavailable' &&
      error.message ===
        'Cannot connect to the Docker daemon at unix:///nowhere/at/all.sock. Is the docker daemon running?'
    )
  })
})

test('a wait settles with the headers, its result with the body', async (t) => {
  const { promise: release, resolve } = Promise.withResolvers<void>()
  const { client } = await serve(t, async (request, response) => {
    if (answerPing(request, response, '1.50')) return
    response.flushHeaders()
    await release
    response.end('{"StatusCode":7}')
  })
  const { result } = await client.containerWait('x', { condition: 'next-exit' })
  resolve()
  assert.deepEqual(await result, { StatusCode: 7 })
})

test('a hijacked connection carries input after a half-close of neither side, and output after that of ours', async (t) => {
  const { client } = await serve(
    t,
    (request, response) => void answerPing(request, response, '1.50'),
    (_, socket) => {
      socket.write(upgradeHead(true, 'application/vnd.docker.multiplexed-stream'))
      const received: Buffer[] = []
      socket.on('data', (chunk) => received.push(chunk))
      socket.on('end', () => {
        socket.write(encodeFrame('stdout', Buffer.concat(received)))
        socket.end(encodeFrame('stderr', Buffer.from('done')))
      })
    },
  )
  const connection = await client.containerAttach('x', { stream: true, stdin: true, stdout: true, stderr: true })
  assert.equal(connection.contentType, 'application/vnd.docker.multiplexed-stream')
  connection.stream.write('input')
  connection.closeWrite()
  const output: Record<string, string> = {}
  for await (const { stream, payload } of decodeFrames(connection.stream)) {
    output[stream] = (output[stream] ?? '') + Buffer.from(payload).toString()
  }
  assert.deepEqual(output, { stdout: 'input', stderr: 'done' })
})

test('a refused hijack is an error like any other', async (t) => {
  const { client } = await serve(
    t,
    (request, response) => void answerPing(request, response, '1.50'),
    (_, socket) => {
      const body = '{"message":"no such container"}'
      socket.end(
        `HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      )
    },
  )
  await assert.rejects(client.execAttach('x'), (error) => codeOf(error) === 'not-found')
})

test('an aborted signal ends a call as cancelled', async (t) => {
  const { client } = await serve(t, (request, response) => void answerPing(request, response, '1.50'))
  const abort = new AbortController()
  const call = client.info({ signal: abort.signal })
  setTimeout(() => abort.abort(), 20)
  await assert.rejects(call, (error) => codeOf(error) === 'cancelled')
})

test('progress is streamed as it comes, over TCP too', async (t) => {
  const server = http.createServer((request, response) => {
    if (answerPing(request, response, '1.50')) return
    response.write('{"status":"one","id":"a"}\r\n{"sta')
    response.end('tus":"two"}\r\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = createEngineClient({ host: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}` })
  t.after(() => {
    client.close()
    server.close()
  })
  const lines = []
  for await (const line of await client.imagePull({ name: 'busybox', tag: 'latest' })) lines.push(line)
  assert.deepEqual(lines, [{ status: 'one', id: 'a' }, { status: 'two' }])
})
