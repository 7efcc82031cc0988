// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createTtrpcClient, createTtrpcServer, ttrpcClient } from '@teu/ttrpc'

const bytes = { encode: (m: Uint8Array) => ({ finish: () => m }), decode: (m: Uint8Array) => m }
const Echo = {
  name: 'Echo',
  fullName: 'test.Echo',
  methods: {
    echo: {
      name: 'Echo',
      requestType: bytes,
      requestStream: false,
      responseType: bytes,
      responseStream: false,
      options: {},
    },
  },
} as const

test('over a socket: mode 0600, many clients at once, a refused peer, and nothing left behind', async () => {
  const folder = await mkdtemp('/tmp/teu-ttrpc-')
  const path = join(folder, 'x.sock')
  let admitted = 0
  const server = createTtrpcServer({ accept: () => ++admitted <= 20 })
  try {
    server.add(Echo, { echo: async (message) => message })
    await server.listen(`unix://${path}`)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    await assert.rejects(createTtrpcServer().listen(path), { code: 'EADDRINUSE' })
    const clients = Array.from({ length: 20 }, () => createTtrpcClient(path))
    const message = Buffer.alloc(1_000_000, 'x')
    const answers = await Promise.all(clients.map((client) => ttrpcClient(Echo, client).echo(message)))
    assert.ok(answers.every((answer) => message.equals(answer)))
    using refused = createTtrpcClient(path)
    await assert.rejects(ttrpcClient(Echo, refused).echo(message), { code: 'unavailable' })
    await server.close()
    await Promise.all(clients.map((client) => client.closed))
    assert.equal(existsSync(path), false)
    using late = createTtrpcClient(path)
    await assert.rejects(ttrpcClient(Echo, late).echo(message), { code: 'unavailable' })
  } finally {
    await server.close()
    await rm(folder, { recursive: true })
  }
})

test('only path sockets are addresses', () => {
  for (const address of ['@abstract', 'tcp://1.2.3.4:5', 'relative.sock', '\0x', '']) {
    assert.throws(() => createTtrpcClient(address), { code: 'invalid-argument' })
  }
})
