// SPDX-License-Identifier: Apache-2.0
// Who is slow holds up who sends, whichever side it is: what lies between them is what sockets hold, and not the content.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get } from 'node:http'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRegistryClient } from '@teu/image-registry/client'
import { appendLayer, emptyImage } from '@teu/image-registry/image'
import { createRegistry, memoryStorage, type StorageDriver, virtualStorage } from '@teu/image-registry/server'
import { digestOf, mediaTypes } from '@teu/oci-spec/image'
import { scriptedRegistry } from './scripted-registry.ts'

const mebi = 1024 * 1024
/** Content of which only a small part fits between two processes of one machine. */
const size = 512 * mebi
const chunk = Buffer.alloc(mebi, 'content')
/** What sockets of both ends, and the buffers before and behind them, may hold; Linux gives a connection 10 MiB by itself. */
const between = 64 * mebi

/** Chunks of the content without end, and how many bytes were taken of them. */
function endless() {
  const taken = { bytes: 0 }
  const source = async function* () {
    for (;;) {
      taken.bytes += chunk.byteLength
      yield chunk
    }
  }
  return { taken, source }
}

/** Waits until no more is taken, however long that goes on. */
async function settled(taken: { bytes: number }): Promise<number> {
  for (let [before, still] = [-1, 0]; still < 10; await sleep(30)) {
    still = taken.bytes > 0 && taken.bytes === before ? still + 1 : 0
    before = taken.bytes
    if (taken.bytes >= size) break
  }
  return taken.bytes
}

test('a sink that does not keep up holds up the registry that it pulls from', async () => {
  const { taken, source } = endless()
  await using registry = await scriptedRegistry(async (_request, response) => {
    response.writeHead(200, { 'content-length': String(size) })
    for await (const part of source()) {
      if (response.destroyed) return
      if (!response.write(part)) await Promise.race([once(response, 'drain'), once(response, 'close')])
    }
  })
  await using client = createRegistryClient()
  const blob = { mediaType: 'application/octet-stream', digest: digestOf('never reached'), size }
  const reading = client.pullBlob({ registry: registry.address, repository: 'a' }, blob)[Symbol.asyncIterator]()
  assert.equal((await reading.next()).done, false)
  const sent = await settled(taken)
  assert.ok(sent < between, `${sent} bytes were sent to a sink that took one chunk`)
  await reading.return?.()
})

test('a storage that does not keep up holds up the client that pushes', async () => {
  const { taken, source } = endless()
  const gone = Promise.withResolvers<never>()
  gone.promise.catch(() => {})
  const memory = memoryStorage()
  const storage: StorageDriver = {
    ...memory,
    append: (path, offset, content) => {
      const held = async function* () {
        for await (const part of content) {
          yield part
          await gone.promise
        }
      }
      return memory.append(path, offset, held())
    },
  }
  await using registry = await createRegistry({ storage })
  await using client = createRegistryClient({ retries: 0 })
  const stopping = new AbortController()
  const at = { registry: registry.address, repository: 'a' }
  const pushing = client.pushStream(at, source, { signal: stopping.signal })
  pushing.catch(() => {})
  const sent = await settled(taken)
  assert.ok(sent < between, `${sent} bytes were sent to a storage that took one chunk`)
  gone.reject(new Error('the disk is gone'))
  stopping.abort()
  await assert.rejects(pushing)
})

test('a client that does not keep up holds up the storage that it is served from', async () => {
  const { taken, source } = endless()
  const digest = digestOf('never reached')
  const descriptor = { mediaType: mediaTypes.ociLayer, digest, size }
  const image = appendLayer(emptyImage(), { descriptor, diffId: digest, open: source })
  await using registry = await createRegistry({ storage: virtualStorage([{ repository: 'a', tags: ['v1'], image }]) })
  const [answer] = await once(get(`${registry.url}/v2/a/blobs/${digest}`), 'response')
  assert.equal(answer.statusCode, 200)
  const sent = await settled(taken)
  assert.ok(sent < between, `${sent} bytes were read for a client that took none`)
  answer.on('error', () => {}).destroy()
})
