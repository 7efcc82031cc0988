// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { inNamespace } from '@teu/containerd-api'
import type { ProgressMessage } from '@teu/engine-api'
import { createRegistry, type Registry } from '@teu/image-registry/server'
import { type Descriptor, digestOf } from '@teu/oci-spec/image'
import { readTar } from '../src/images/archive/read-tar.ts'
import { createImageService } from '../src/images/create-image-service.ts'
import type { ImageService, ImageUser } from '../src/images/image-service.ts'
import { resolveUser } from '../src/spec/user.ts'
import { cannotRun, type OriginalContainerd, startContainerd } from './original-containerd.ts'
import { layerTar, type SampleImage, sampleImage, sampleIndex, uploadImage } from './sample-image.ts'

const base = [
  { name: 'etc/', type: 'directory' as const, mode: 0o755 },
  { name: 'etc/passwd', content: 'root:x:0:0:root:/root:/bin/sh\nal:x:1000:1000::/home/al:/bin/sh\n' },
  { name: 'etc/group', content: 'root:x:0:\nal:x:1000:\nwheel:x:10:root,al\n' },
  { name: 'outside', type: 'symlink' as const, linkName: '/etc' },
]
const big = [{ name: 'big', content: randomBytes(3 * 1024 * 1024) }]
const top = [
  { name: 'hello', content: 'hello\n', mode: 0o755, uid: 7, gid: 8 },
  { name: 'hardlink', type: 'hardlink' as const, linkName: 'hello' },
]
const image = sampleImage([base, big, top], {
  Cmd: ['/hello'],
  Env: ['PATH=/bin', 'A=1'],
  Labels: { kind: 'sample' },
  WorkingDir: '/etc',
})

async function lines(stream: AsyncIterable<ProgressMessage>): Promise<ProgressMessage[]> {
  return Array.fromAsync(stream)
}

const statuses = (messages: readonly ProgressMessage[], id: string | undefined) =>
  messages.filter((message) => message.id === id).map(({ status }) => status)

describe('images over containerd', { skip: cannotRun() }, () => {
  let directory: string
  let containerd: OriginalContainerd
  let registry: Registry
  let users: ImageUser[] = []
  let name: string
  const events: string[] = []

  const service = (namespace: string, extra: object = {}): ImageService =>
    createImageService({
      containerd: containerd.services,
      namespace,
      snapshotter: 'overlayfs',
      mountDirectory: join(directory, 'mounts'),
      users: async () => users,
      onEvent: ({ action, id }) => events.push(`${action} ${id}`),
      ...extra,
    })

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'teu-images-'))
    containerd = await startContainerd(join(directory, 'containerd'))
    registry = await createRegistry()
    name = `${registry.address}/team/sample`
    await uploadImage(registry.url, 'team/sample', 'v1', image)
  })

  after(async () => {
    await registry?.[Symbol.asyncDispose]()
    await containerd?.[Symbol.asyncDispose]()
    rmSync(directory, { recursive: true, force: true })
  })

  test('a pull brings an image with the lines of docker, and tells of no layer when the image is up to date', async () => {
    const images = service('pull')
    const messages = await lines(images.pull({ reference: `${name}:v1` }))
    assert.deepEqual(messages[0], { status: 'Pulling from team/sample', id: 'v1' })
    const [first] = image.layers
    const id = first?.digest.slice(7, 19)
    const own = statuses(messages, id)
    assert.equal(own[0], 'Pulling fs layer')
    assert.deepEqual(own.slice(-4), ['Verifying Checksum', 'Download complete', 'Extracting', 'Pull complete'])
    assert.deepEqual(messages.slice(-2), [
      { status: `Digest: ${image.root.digest}` },
      { status: `Status: Downloaded newer image for ${name}:v1` },
    ])
    const again = await lines(images.pull({ reference: `${name}:v1` }))
    assert.deepEqual(statuses(again, id), [])
    assert.equal(again.at(-1)?.status, `Status: Image is up to date for ${name}:v1`)
    assert.deepEqual(await leases('pull'), [])
    const resolved = await images.resolve(`${name}:v1`)
    assert.equal(resolved.id, digestOf(Buffer.from(JSON.stringify(image.config))))
    assert.deepEqual(resolved.config.Cmd, ['/hello'])
  })

  async function leases(namespace: string): Promise<string[]> {
    const { leases: all } = await containerd.services.leases.list({ filters: [] }, inNamespace(namespace))
    return all.map(({ id }) => id)
  }

  test('content survives the garbage collector by its labels alone', async () => {
    const images = service('collect')
    await lines(images.pull({ reference: `${name}:v1` }))
    const lease = { id: 'trigger', labels: {} }
    await containerd.services.leases.create(lease, inNamespace('collect'))
    await containerd.services.leases.delete({ id: 'trigger', sync: true }, inNamespace('collect'))
    const resolved = await images.resolve(`${name}:v1`)
    const rootfs = await images.prepareRootfs('c1', resolved)
    assert.equal(rootfs.mounts[0]?.type, 'overlay')
    await images.removeRootfs('c1')
    await images.removeRootfs('c1')
    assert.equal(
      (await images.remove(`${name}:v1`)).some((item) => item.Deleted === resolved.id),
      true,
    )
    const left = await Array.fromAsync(containerd.services.content.list({ filters: [] }, inNamespace('collect')))
    assert.deepEqual(
      left.flatMap(({ info }) => info),
      [],
    )
    const snapshots = containerd.services.snapshots.list(
      { snapshotter: 'overlayfs', filters: [] },
      inNamespace('collect'),
    )
    assert.deepEqual(
      (await Array.fromAsync(snapshots)).flatMap(({ info }) => info),
      [],
    )
  })

  test('a root filesystem is read inside itself, and exported', async () => {
    const images = service('rootfs')
    await lines(images.pull({ reference: `${name}:v1` }))
    await images.prepareRootfs('c1', await images.resolve(`${name}:v1`))
    {
      await using rootfs = await images.openRootfs('c1')
      assert.deepEqual(readdirSync(join(directory, 'mounts')), [])
      const { uid, gid, additionalGids, home } = await resolveUser(rootfs, 'al')
      assert.deepEqual(
        { uid, gid, additionalGids, home },
        { uid: 1000, gid: 1000, additionalGids: [1000, 10], home: '/home/al' },
      )
      assert.equal(await rootfs.readFile('/nothing', 10), undefined)
      assert.ok(await rootfs.readFile('/outside/passwd', 1000))
      await assert.rejects(rootfs.readFile('/etc', 10), /not a regular file/)
      await assert.rejects(rootfs.readFile('/etc/passwd', 10), /larger than 10 bytes/)
      await assert.rejects(rootfs.makeDirectory('/work/dir', { uid: 5, gid: 6 }), { code: 'EROFS' })
    }
    {
      await using rootfs = await images.openRootfs('c1', { writable: true })
      await rootfs.makeDirectory('/work/dir', { uid: 5, gid: 6 })
    }
    const entries = new Map<string, string>()
    for await (const { path, type, linkPath, body } of readTar(await images.exportRootfs('c1'))) {
      const chunks: Uint8Array[] = []
      for await (const chunk of body) chunks.push(chunk)
      entries.set(path, type === 'link' ? `-> ${linkPath}` : Buffer.concat(chunks).toString('latin1').slice(0, 20))
    }
    assert.equal(entries.get('outside'), '-> /etc')
    assert.equal(entries.get('hardlink'), 'hello\n')
    assert.equal(entries.get('hello'), '-> hardlink')
    assert.ok(entries.has('work/dir/'))
    assert.equal((await images.rootfsSize('c1')) > 0, true)
    await images.removeRootfs('c1')
  })

  test('a blob that is not what its digest says fails the pull, and nothing is named', async () => {
    const broken = sampleImage([base, [{ name: 'x', content: 'x' }]])
    const source = {
      resolve: async () => broken.root,
      manifest: async (_: unknown, { digest }: { digest: string }) => broken.blobs.get(digest) as Uint8Array,
      async *blob(_: unknown, { digest }: { digest: string }, { offset = 0 }: { offset?: number }) {
        const bytes = Buffer.from(broken.blobs.get(digest) as Uint8Array)
        if (!good && digest === broken.layers[1]?.digest) bytes[20] = (bytes[20] ?? 0) ^ 1
        yield bytes.subarray(offset)
      },
      pushBlob: async () => 'exists' as const,
      pushManifest: async () => {},
      close: async () => {},
    }
    let good = false
    const images = service('broken', { openRegistry: () => source })
    await assert.rejects(lines(images.pull({ reference: `${name}:v1` })), (error: Error) => {
      assert.ok(error.message.includes(broken.layers[1]?.digest ?? '-'), error.message)
      return true
    })
    assert.deepEqual(await images.list(), [])
    assert.deepEqual(await leases('broken'), [])
    good = true
    await lines(images.pull({ reference: `${name}:v1` }))
    assert.equal((await images.list()).length, 1)
  })

  test('a download that broke off goes on at the byte', async () => {
    const offsets: number[] = []
    const source = {
      resolve: async () => image.root,
      manifest: async (_: unknown, { digest }: { digest: string }) => image.blobs.get(digest) as Uint8Array,
      async *blob(
        _: unknown,
        { digest, size }: Descriptor,
        { offset = 0, signal }: { offset?: number; signal?: AbortSignal },
      ) {
        const bytes = image.blobs.get(digest) as Uint8Array
        if (size > 1024 * 1024) offsets.push(offset)
        if (size > 1024 * 1024 && offsets.length === 1) {
          yield bytes.subarray(0, 2 * 1024 * 1024)
          await once(signal as AbortSignal, 'abort')
          throw signal?.reason
        }
        yield bytes.subarray(offset)
      },
      pushBlob: async () => 'exists' as const,
      pushManifest: async () => {},
      close: async () => {},
    }
    const images = service('resume', { openRegistry: () => source })
    for await (const { progressDetail } of images.pull({ reference: `${name}:v1` })) {
      if ((progressDetail?.current ?? 0) >= 2 * 1024 * 1024) break
    }
    await lines(images.pull({ reference: `${name}:v1` }))
    assert.equal(offsets.length, 2)
    assert.ok((offsets[1] ?? 0) >= 1024 * 1024, `second attempt started at ${offsets[1]}`)
    await images.prepareRootfs('c', await images.resolve(`${name}:v1`))
    await images.removeRootfs('c')
  })

  test('a pull whose reader leaves is given up, and resumed by the next one', async () => {
    const images = service('cancel')
    for await (const { status } of images.pull({ reference: `${name}:v1` })) if (status === 'Pulling fs layer') break
    assert.deepEqual(await images.list(), [])
    assert.deepEqual(await leases('cancel'), [])
    await lines(images.pull({ reference: `${name}:v1` }))
    assert.equal((await images.list()).length, 1)
  })

  /** A registry of one image that counts what is asked of it. */
  function memorySource({ root, blobs }: SampleImage) {
    const asked: string[] = []
    const read = (digest: string) => {
      asked.push(digest)
      return blobs.get(digest) as Uint8Array
    }
    const source = {
      resolve: async () => root,
      manifest: async (_: unknown, { digest }: Descriptor) => read(digest),
      async *blob(_: unknown, { digest }: Descriptor, { offset = 0 }: { offset?: number }) {
        yield read(digest).subarray(offset)
      },
      pushBlob: async () => 'exists' as const,
      pushManifest: async () => {},
      close: async () => {},
    }
    return { asked, openRegistry: () => source }
  }

  test('of an index the image for this machine is taken, or the one asked for', async () => {
    const foreign = sampleImage([[{ name: 'foreign', content: 'x' }]], {}, 's390x')
    const index = sampleIndex([foreign, image])
    const { asked, openRegistry } = memorySource(index)
    const images = service('index', { openRegistry })
    await lines(images.pull({ reference: 'many' }))
    assert.equal((await images.inspect('many')).Architecture, image.config.architecture)
    assert.equal((await images.inspect('many')).RepoDigests[0], `many@${index.root.digest}`)
    assert.equal(asked.includes(foreign.layers[0]?.digest ?? ''), false)
    const other = service('foreign', { openRegistry })
    await lines(other.pull({ reference: 'many', platform: 'linux/s390x' }))
    assert.equal((await other.inspect('many')).Architecture, 's390x')
    await assert.rejects(
      lines(other.pull({ reference: 'many', platform: 'linux/riscv64' })),
      /no matching manifest for linux\/riscv64/,
    )
  })

  test('documents that are too large are refused before they are fetched', async () => {
    const large = { ...image, root: { ...image.root, size: 4 * 1024 * 1024 + 1 } }
    const { asked, openRegistry } = memorySource(large)
    const images = service('large', { openRegistry })
    await assert.rejects(lines(images.pull({ reference: 'large' })), { code: 'resource-exhausted' })
    assert.deepEqual(asked, [])
  })

  test('a layer that is not what the config says leaves no snapshot', async () => {
    const wrong = sampleImage([[{ name: 'x', content: 'x' }]])
    const config = { ...wrong.config, rootfs: { type: 'layers' as const, diff_ids: [digestOf('another')] } }
    const bytes = Buffer.from(JSON.stringify(config))
    const manifest = {
      schemaVersion: 2,
      mediaType: wrong.root.mediaType,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(bytes), size: bytes.length },
      layers: wrong.layers,
    }
    const body = Buffer.from(JSON.stringify(manifest))
    const root = { ...wrong.root, digest: digestOf(body), size: body.length }
    const blobs = new Map(wrong.blobs).set(digestOf(bytes), bytes).set(root.digest, body)
    const images = service('diff', { openRegistry: memorySource({ ...wrong, root, blobs }).openRegistry })
    await assert.rejects(
      lines(images.pull({ reference: 'wrong' })),
      /failed to register layer: .*its content has the digest/,
    )
    const listed = containerd.services.snapshots.list({ snapshotter: 'overlayfs', filters: [] }, inNamespace('diff'))
    assert.deepEqual(
      (await Array.fromAsync(listed)).flatMap(({ info }) => info),
      [],
    )
    assert.deepEqual(await images.list(), [])
  })

  test('two pulls at a time download each blob once', async () => {
    const images = service('twice')
    const [a, b] = await Promise.all([
      lines(images.pull({ reference: `${name}:v1` })),
      lines(images.pull({ reference: `${name}:v1` })),
    ])
    const last = [a.at(-1)?.status, b.at(-1)?.status]
    assert.ok(last.every((status) => /Downloaded newer image|up to date/.test(status ?? '')))
  })

  test('what is not there is refused before the first line', async () => {
    const images = service('absent')
    await assert.rejects(lines(images.pull({ reference: `${name}:v9` })), {
      code: 'not-found',
      message: /manifest for .*:v9 not found/,
    })
    await assert.rejects(lines(images.pull({ reference: 'UPPER' })), { code: 'invalid-argument' })
    await assert.rejects(images.resolve('nothing'), { code: 'not-found', message: 'No such image: nothing:latest' })
    await assert.rejects(images.inspect('sha256:1234'), { code: 'not-found', message: 'No such image: sha256:1234' })
  })

  test('tag, list, inspect, history, remove', async () => {
    const images = service('names')
    await lines(images.pull({ reference: `${name}:v1` }))
    const { id } = await images.resolve(`${name}:v1`)
    await images.tag(id.slice(7, 19), 'other', 'x')
    await images.tag('other:x', 'other', undefined)
    const [row] = await images.list()
    assert.equal(row?.Id, id)
    assert.deepEqual(new Set(row?.RepoTags), new Set([`${name}:v1`, 'other:x', 'other:latest']))
    assert.deepEqual((await images.list({ filters: { reference: ['other'] } }))[0]?.RepoTags.sort(), [
      'other:latest',
      'other:x',
    ])
    assert.equal((await images.list({ filters: { label: ['kind=sample'] } })).length, 1)
    assert.equal((await images.list({ filters: { label: ['kind=other'] } })).length, 0)
    await assert.rejects(images.list({ filters: { nonsense: ['x'] } }), { code: 'invalid-argument' })
    const inspect = await images.inspect('other')
    assert.equal(inspect.RootFS.Layers?.length, 3)
    assert.deepEqual(inspect.Config?.Env, ['PATH=/bin', 'A=1'])
    const history = await images.history('other')
    assert.deepEqual(
      history.map(({ CreatedBy }) => CreatedBy),
      ['step 2', 'step 1', 'step 0'],
    )
    assert.equal(history[0]?.Id, id)
    users = [{ containerId: 'f'.repeat(64), imageId: id, running: true }]
    assert.deepEqual(await images.remove('other:x'), [{ Untagged: 'other:x' }])
    await assert.rejects(images.remove(id), {
      code: 'conflict',
      message: /is being used by running container ffffffffffff/,
    })
    users = []
    await assert.rejects(images.remove(id), { code: 'conflict', message: /referenced in multiple repositories/ })
    const removed = await images.remove(id, { force: true })
    assert.deepEqual(
      removed
        .filter(({ Untagged }) => Untagged)
        .map(({ Untagged }) => Untagged)
        .sort(),
      [`${name}:v1`, 'other:latest'].sort(),
    )
    assert.deepEqual(await images.list(), [])
  })

  test('a push sends what the registry lacks', async () => {
    const images = service('push')
    await lines(images.pull({ reference: `${name}:v1` }))
    await images.tag(`${name}:v1`, `${registry.address}/elsewhere/sample`, 'v2')
    const messages = await lines(images.push({ name: `${registry.address}/elsewhere/sample`, tag: 'v2' }))
    assert.equal(messages[0]?.status, `The push refers to repository [${registry.address}/elsewhere/sample]`)
    const mounted = messages.filter(({ status }) => status === 'Mounted from team/sample')
    assert.equal(mounted.length, 3)
    const aux = messages.at(-1)?.aux as { Tag: string; Digest: string; Size: number }
    assert.deepEqual(aux, { Tag: 'v2', Digest: image.root.digest, Size: image.root.size })
    assert.equal(messages.at(-2)?.status, `v2: digest: ${image.root.digest} size: ${image.root.size}`)
    const again = await lines(images.push({ name: `${registry.address}/elsewhere/sample`, tag: 'v2' }))
    assert.equal(again.filter(({ status }) => status === 'Layer already exists').length, 3)
    await assert.rejects(lines(images.push({ name: 'nothing' })), {
      code: 'not-found',
      message: /does not exist locally/,
    })
  })

  test('save and load keep ids and names', async () => {
    const images = service('save')
    await lines(images.pull({ reference: `${name}:v1` }))
    const { id } = await images.resolve(`${name}:v1`)
    const chunks = await Array.fromAsync(await images.save([`${name}:v1`]))
    const other = service('load')
    async function* archive() {
      yield* chunks
    }
    const messages = await lines(other.load(archive(), { quiet: true }))
    assert.deepEqual(messages, [{ stream: `Loaded image: ${name}:v1\n` }])
    assert.equal((await other.resolve(`${name}:v1`)).id, id)
    await assert.rejects(images.save(['nothing']), { code: 'not-found' })
  })

  test('an archive of docker 20 is loaded', async () => {
    const layer = layerTar(base)
    const config = Buffer.from(
      JSON.stringify({ ...image.config, history: [], rootfs: { type: 'layers', diff_ids: [digestOf(layer)] } }),
    )
    const configName = `${digestOf(config).slice(7)}.json`
    const tar = layerTar([
      { name: configName, content: config },
      { name: 'aaaa/layer.tar', content: layer },
      { name: 'aaaa/VERSION', content: '1.0' },
      {
        name: 'manifest.json',
        content: JSON.stringify([{ Config: configName, RepoTags: ['old:1'], Layers: ['aaaa/layer.tar'] }]),
      },
    ])
    const images = service('old')
    async function* archive() {
      yield tar
    }
    const messages = await lines(images.load(archive(), { quiet: true }))
    assert.deepEqual(messages, [{ stream: 'Loaded image: old:1\n' }])
    assert.equal((await images.resolve('old:1')).id, digestOf(config))
    async function* junk() {
      yield Buffer.from('x'.repeat(2000))
    }
    await assert.rejects(lines(images.load(junk())), { code: 'invalid-argument' })
  })

  test('prune removes what nothing names', async () => {
    const images = service('prune')
    await lines(images.pull({ reference: `${name}:v1` }))
    const second = sampleImage([base], { Cmd: ['other'] })
    await uploadImage(registry.url, 'team/moving', 'v1', image)
    await lines(images.pull({ reference: `${registry.address}/team/moving:v1` }))
    await uploadImage(registry.url, 'team/moving', 'v1', second)
    await images.remove(`${name}:v1`)
    await lines(images.pull({ reference: `${registry.address}/team/moving:v1` }))
    assert.equal((await images.list({ filters: { dangling: ['true'] } })).length, 1)
    const { deleted, reclaimed } = await images.prune()
    assert.ok(deleted.some(({ Deleted }) => Deleted === digestOf(Buffer.from(JSON.stringify(image.config)))))
    assert.ok(reclaimed > 3 * 1024 * 1024)
    assert.equal((await images.list()).length, 1)
  })
})
