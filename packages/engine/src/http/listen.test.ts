// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import http from 'node:http'
import os from 'node:os'
import test from 'node:test'
import { codeOf } from '@teu/errors'
import type { RawRequest } from './dispatch.ts'
import { hostCheck } from './host-check.ts'
import { listenOn } from './listen.ts'

/** A server that only notes where it was asked to listen: a test must not listen beyond loopback. */
function notingServer(): { server: http.Server; asked: unknown[][] } {
  const server = http.createServer()
  const asked: unknown[][] = []
  server.listen = ((...args: unknown[]) => {
    asked.push(args)
    queueMicrotask(() => server.emit('listening'))
    return server
  }) as typeof server.listen
  server.address = () => ({ address: '', family: 'IPv4', port: 2375 })
  return { server, asked }
}

const refused = (error: unknown) => codeOf(error) === 'permission-denied'

test('plain TCP beyond loopback is refused unless it is asked for', async () => {
  const beyond = ['0.0.0.0:1', ':1', '[::]:1', '10.1.2.3:1', 'example.org:1', '127.0.0.1.example.org:1', '128.0.0.1:1']
  for (const address of [...beyond, '[::2]:1', '127.1:1']) {
    const { server, asked } = notingServer()
    await assert.rejects(listenOn(server, `tcp://${address}`, { warn: () => {} }), refused, address)
    assert.deepEqual(asked, [], address)
    const options = { tcpInsecure: true, warn: () => {} }
    assert.match(await listenOn(server, `tcp://${address}`, options), /^tcp:\/\/.+:2375$/)
    assert.equal(asked.length, 1, address)
  }
  for (const address of ['127.0.0.1:1', '127.9.9.9:1', 'localhost:1', '[::1]:1']) {
    const { server, asked } = notingServer()
    const warnings: string[] = []
    await listenOn(server, `tcp://${address}`, { warn: (message) => warnings.push(message) })
    assert.equal(asked.length, 1, address)
    assert.match(warnings.join(), /has no access control/)
  }
})

test('a TCP listener answers to addresses, to its own names, and to no page of another host', () => {
  const check = hostCheck(['engine.example', 'Docker'])
  const ask = (host?: string, origin?: string) => () => check({ headers: { host, origin } } as unknown as RawRequest)
  const fine = ['127.0.0.1:2375', '10.0.0.7', '[::1]:2375', '[fe80::1]', 'localhost', 'LOCALHOST:1', 'localhost.:80']
  for (const host of [...fine, 'engine.example:2375', 'docker:2375', `${os.hostname()}:1`, undefined]) {
    assert.doesNotThrow(ask(host), host)
  }
  const rebound = ['evil.example', 'evil.example:2375', '127.0.0.1.evil.example', 'localhost.evil.example', '', 'a b']
  for (const host of rebound) assert.throws(ask(host), refused, host)
  assert.doesNotThrow(ask('localhost:2375', 'http://localhost:2375'))
  for (const origin of ['http://evil.example', 'null', 'http://localhost:3000']) {
    assert.throws(ask('localhost:2375', origin), refused, origin)
  }
})
