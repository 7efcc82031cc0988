// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { createServer, get, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import { exchangeOf } from './exchange.ts'

/** Streams chunks to a client, and ends its connection before the second; `prepare` sees the answer first. */
async function streamToOneWhoLeaves(prepare: (response: ServerResponse) => void): Promise<void> {
  const streamed = Promise.withResolvers<void>()
  const server = createServer((request, response) => {
    prepare(response)
    const exchange = exchangeOf(request, response, {
      url: new URL('http://here/'),
      caller: { address: '127.0.0.1', secure: false, origin: 'http://here' },
      traffic: { received: 0, sent: 0 },
    })
    async function* content() {
      yield Buffer.from('first')
      request.socket.destroy()
      yield Buffer.from('second')
    }
    exchange.stream(200, {}, content()).then(streamed.resolve, streamed.reject)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' }).on('error', () => {})
  try {
    await streamed.promise
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
}

test('what is streamed to a client that has gone ends, even if nobody says what became of a write', async () => {
  const gone = { code: 'cancelled', message: 'the client went away' }
  await assert.rejects(
    streamToOneWhoLeaves(() => {}),
    gone,
  )
  const forget = (response: ServerResponse) => {
    const write = response.write.bind(response)
    response.write = ((chunk: Uint8Array) => write(chunk)) as typeof response.write
  }
  await assert.rejects(streamToOneWhoLeaves(forget), gone)
})
