// SPDX-License-Identifier: Apache-2.0
// What a client waits for beside answers: a probe, the caller's own functions, a token service.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import test from 'node:test'
import { createRegistryClient } from '@teu/image-registry/client'
import { digestOf } from '@teu/oci-spec/image'
import { refuse, scriptedRegistry } from './scripted-registry.ts'

const content = Buffer.from('content')
const blob = { mediaType: 'application/octet-stream', digest: digestOf(content), size: content.byteLength }
const read = async (stream: AsyncIterable<Uint8Array>) => Buffer.concat(await Array.fromAsync(stream)).toString()

test('a call that is aborted does not wait for a host that takes connections and says nothing', async () => {
  const sockets = new Set<{ destroy(): void }>()
  const silent = createServer((socket) => void sockets.add(socket.on('error', () => {}))).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  await using client = createRegistryClient()
  const stopping = new AbortController()
  const pinging = client.ping(`127.0.0.1:${(silent.address() as AddressInfo).port}`, { signal: stopping.signal })
  await once(silent, 'connection')
  const start = performance.now()
  stopping.abort()
  await assert.rejects(pinging, { code: 'cancelled' })
  // The look whether it speaks TLS may take five seconds.
  assert.ok(performance.now() - start < 4_000)
  await assert.rejects(client.ping('127.0.0.1:1', { signal: stopping.signal }), { code: 'cancelled' })
  for (const socket of sockets) socket.destroy()
  silent.close()
})

test("a call that is aborted does not wait for the caller's own functions", async () => {
  await using registry = await scriptedRegistry((_request, response) =>
    refuse(response, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="r"' }),
  )
  const hangs = Promise.withResolvers<undefined>()
  for (const init of [{ credentials: () => hangs.promise }, { hosts: () => hangs.promise }]) {
    await using client = createRegistryClient(init)
    const signal = AbortSignal.timeout(100)
    await assert.rejects(client.ping(registry.address, { signal }), /(cancelled|deadline exceeded)$/)
  }
  hangs.resolve(undefined)
})

test('credentials that could not be had are asked for again by the next call', async () => {
  await using registry = await scriptedRegistry((request, response) => {
    if (request.headers.authorization !== undefined) return response.end(content)
    return refuse(response, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="r"' })
  })
  let asked = 0
  const credentials = async () => {
    if (asked++ === 0) throw new Error('the keyring is locked')
    return { username: 'me', password: 'secret' }
  }
  await using client = createRegistryClient({ credentials, retries: 0 })
  const at = { registry: registry.address, repository: 'a' }
  await assert.rejects(read(client.pullBlob(at, blob)), /the keyring is locked/)
  for (let i = 0; i < 2; i++) assert.equal(await read(client.pullBlob(at, blob)), 'content')
  assert.equal(asked, 2)
})

test('a token service that cannot answer just now is asked again, for as often as that was allowed', async () => {
  let refusals = 0
  await using registry = await scriptedRegistry((request, response) => {
    if (request.url?.startsWith('/token'))
      return refusals-- > 0
        ? refuse(response, 503, 'UNAVAILABLE', { 'retry-after': '0' })
        : response.end('{"token":"t"}')
    if (request.headers.authorization !== undefined) return response.end(content)
    const realm = `Bearer realm="http://${request.headers.host}/token"`
    return refuse(response, 401, 'UNAUTHORIZED', { 'www-authenticate': realm })
  })
  const at = { registry: registry.address, repository: 'a' }
  for (const [count, succeeds] of [
    [2, true],
    [3, false],
  ] as const) {
    refusals = count
    await using client = createRegistryClient({ retries: 2, retryDelayMs: 1 })
    const reading = read(client.pullBlob(at, blob))
    if (succeeds) assert.equal(await reading, 'content')
    else await assert.rejects(reading, { code: 'unavailable', message: /fetch token.*HTTP 503/ })
  }
})
