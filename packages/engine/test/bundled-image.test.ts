// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { hostPlatform, layoutBlobPath } from '@teu/oci-spec/image'
import { ImageBench, lines } from './image-bench.ts'
import { cannotRun } from './original-containerd.ts'
import { sampleImage } from './sample-image.ts'

const base = [{ name: 'hello', content: 'hello' }]
const image = sampleImage([base], { Cmd: ['/hello'] })

describe('an image that came with the program', { skip: cannotRun() }, () => {
  let bench: ImageBench
  let layout: string
  let asked: Server
  let reference: string
  let connections = 0
  const sockets: Socket[] = []
  let bundledLayouts: Record<string, string>

  before(async () => {
    bench = await ImageBench.start()
    layout = mkdtempSync(join(tmpdir(), 'teu-layout-'))
    // A registry that takes connections and never answers: a pull that asks it hangs.
    asked = createServer((socket) => {
      connections += 1
      sockets.push(socket)
    }).listen(0, '127.0.0.1')
    await once(asked, 'listening')
    reference = `127.0.0.1:${(asked.address() as AddressInfo).port}/teu/hello`
    const other = sampleImage([base], { Cmd: ['other'] })
    for (const [digest, bytes] of [...other.blobs, ...image.blobs]) {
      const path = join(layout, layoutBlobPath(digest as `sha256:${string}`))
      mkdirSync(join(path, '..'), { recursive: true })
      writeFileSync(path, bytes)
    }
    const own = hostPlatform()
    const manifests = [
      { ...other.root, platform: { os: 'linux', architecture: own.architecture === 'amd64' ? 'arm64' : 'amd64' } },
      { ...image.root, platform: own },
    ]
    writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }))
    bundledLayouts = { [reference]: layout }
  })
  after(async () => {
    for (const socket of sockets) socket.destroy()
    asked?.close()
    await bench?.[Symbol.asyncDispose]()
    rmSync(layout, { recursive: true, force: true })
  })

  test('is there at once and for this platform, and no registry is asked, however often', async () => {
    const images = bench.service('bundle', { bundledLayouts })
    const messages = await lines(images.pull({ reference }))
    assert.deepEqual(messages, [
      { status: `${reference}:latest comes with teu: no registry is asked` },
      { status: `Digest: ${image.root.digest}` },
      { status: `Status: Downloaded newer image for ${reference}:latest` },
    ])
    const again = await lines(images.pull({ reference: `${reference}:latest` }))
    assert.equal(again.at(-1)?.status, `Status: Image is up to date for ${reference}:latest`)
    await images.prepareRootfs('c', await images.resolve(reference))
    await images.removeRootfs('c')
    assert.equal(connections, 0)
  })

  test('is asked of a registry by another tag, by a digest, and for a platform that did not come along', async () => {
    const images = bench.service('bundle-asked', { bundledLayouts })
    const pulls = [
      { reference: `${reference}:v2` },
      { reference: `${reference}@${image.root.digest}` },
      { reference, platform: 'linux/s390x' },
    ]
    for (const pull of pulls) {
      const controller = new AbortController()
      const before = connections
      const pulled = lines(images.pull(pull, { signal: controller.signal }))
      const failed = assert.rejects(pulled)
      await once(asked, 'connection')
      controller.abort()
      await failed
      assert.ok(connections > before)
    }
  })
})
