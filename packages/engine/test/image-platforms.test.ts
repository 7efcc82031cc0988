// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { inNamespace } from '@teu/containerd-api'
import { hostPlatform, parsePlatform } from '@teu/oci-spec/image'
import type { ImageUser } from '../src/images/image-service.ts'
import { bytesOf, ImageBench, lines, memoryRegistry } from './image-bench.ts'
import { cannotRun } from './original-containerd.ts'
import { sampleImage, sampleIndex } from './sample-image.ts'

const host = hostPlatform()
const s390x = parsePlatform('linux/s390x')
const riscv = parsePlatform('linux/riscv64')
const own = sampleImage([[{ name: 'own', content: 'own' }]], { Cmd: ['own'] })
const foreign = sampleImage([[{ name: 'foreign', content: 'foreign' }]], { Cmd: ['foreign'] }, 's390x')
const [ownId, foreignId] = [own, foreign].map(({ blobs, root }) => {
  return (JSON.parse(Buffer.from(blobs.get(root.digest) as Uint8Array).toString()) as { config: { digest: string } })
    .config.digest
}) as [string, string]
const index = sampleIndex([foreign, own])
const { openRegistry, pushed } = memoryRegistry({ latest: index })
const missing = (what: string, platform: string) => ({
  code: 'not-found',
  message: `image with reference ${what} was found but does not provide the specified platform (${platform})`,
})

describe('one image of several platforms', { skip: cannotRun() }, () => {
  let bench: ImageBench
  let users: ImageUser[] = []

  before(async () => {
    bench = await ImageBench.start()
  })

  after(() => bench?.[Symbol.asyncDispose]())

  /** A service that has the image of this machine and that of s390x under one name. */
  async function both(namespace: string) {
    const images = bench.service(namespace, { openRegistry, users: async () => users })
    await lines(images.pull({ reference: 'many' }))
    await lines(images.pull({ reference: 'many', platform: 'linux/s390x' }))
    return images
  }

  test('inspect and history show the image of the platform that is asked for', async () => {
    const images = await both('look')
    assert.equal((await images.inspect('many')).Id, ownId)
    assert.equal((await images.inspect('many', { platform: s390x })).Id, foreignId)
    assert.equal((await images.history('many', { platform: s390x }))[0]?.Id, foreignId)
    await assert.rejects(images.inspect('many', { platform: riscv }), missing('many', 'linux/riscv64'))
  })

  test('a save takes the image of the platform, or none', async () => {
    const images = await both('save')
    const target = bench.service('saved')
    const archive = await images.save(['many'], { platform: s390x })
    await lines(target.load(archive))
    assert.equal((await target.inspect('many')).Id, foreignId)
    await assert.rejects(images.save(['many'], { platform: riscv }), missing('many', 'linux/riscv64'))
    const single = bench.service('single', { openRegistry })
    await lines(single.pull({ reference: 'many' }))
    await assert.rejects(single.save(['many'], { platform: s390x }), missing('many', 'linux/s390x'))
  })

  test('a push sends the manifest of the platform, or nothing', async () => {
    const images = await both('push')
    await lines(images.push({ name: 'many', tag: 'latest', platform: s390x }))
    assert.equal(pushed.get('latest')?.digest, foreign.root.digest)
    await lines(images.push({ name: 'many', tag: 'latest', platform: host }))
    assert.equal(pushed.get('latest')?.digest, own.root.digest)
    pushed.clear()
    const push = lines(images.push({ name: 'many', tag: 'latest', platform: riscv }))
    await assert.rejects(push, missing('many:latest', 'linux/riscv64'))
    assert.equal(pushed.size, 0)
  })

  test('a removal takes what is for the platform, and leaves the name while something else is there', async () => {
    const images = await both('remove')
    await assert.rejects(images.remove('many', { platforms: [riscv] }), missing('many', 'linux/riscv64'))
    users = [{ containerId: 'f'.repeat(64), imageId: foreignId, running: false }]
    await assert.rejects(images.remove('many', { platforms: [s390x] }), { code: 'conflict' })
    users = []
    assert.deepEqual(await images.remove('many', { platforms: [s390x] }), [{ Deleted: foreignId }])
    assert.equal((await images.inspect('many')).Id, ownId)
    await assert.rejects(images.inspect('many', { platform: s390x }), { code: 'not-found' })
    await images.prepareRootfs('c', await images.resolve('many'))
    await images.removeRootfs('c')
    const left = await Array.fromAsync(bench.containerd.services.content.list({ filters: [] }, inNamespace('remove')))
    const digests = left.flatMap(({ info }) => info.map(({ digest }) => digest))
    assert.ok(!digests.includes(foreign.root.digest) && digests.includes(own.root.digest))
    await lines(images.pull({ reference: 'many', platform: 'linux/s390x' }))
    assert.equal((await images.inspect('many', { platform: s390x })).Id, foreignId)
    const removed = await images.remove('many', { platforms: [host, s390x] })
    assert.deepEqual(removed[0], { Untagged: 'many:latest' })
    assert.deepEqual(await images.list(), [])
  })

  test('a removal of the only platform that is here removes the image, and of another none', async () => {
    const images = bench.service('only', { openRegistry })
    await lines(images.pull({ reference: 'many' }))
    await assert.rejects(images.remove('many', { platforms: [s390x] }), missing('many', 'linux/s390x'))
    assert.equal((await images.list()).length, 1)
    await images.remove('many', { platforms: [host] })
    assert.deepEqual(await images.list(), [])
  })

  test('a load takes the platform that is asked for, and names nothing when the archive lacks it', async () => {
    const images = await both('archive')
    const chunks = await Array.fromAsync(await images.save(['many'], { platform: s390x }))
    const target = bench.service('loaded')
    await assert.rejects(lines(target.load(bytesOf(...chunks), { platform: host })), { code: 'not-found' })
    assert.deepEqual(await target.list(), [])
    await lines(target.load(bytesOf(...chunks), { platform: s390x }))
    assert.equal((await target.inspect('many')).Id, foreignId)
  })

  test('a platform that is none is refused before the registry is asked', async () => {
    const never = bench.service('never', {
      openRegistry: () => {
        throw new Error('the registry was asked')
      },
    })
    await assert.rejects(lines(never.pull({ reference: 'many', platform: 'foobar' })), {
      code: 'invalid-argument',
      message: '"foobar": unknown operating system or architecture: invalid argument',
    })
  })

  test('a pull of all tags brings each, and says at the end whether anything was new', async () => {
    const several = memoryRegistry({ a: own, b: sampleImage([[{ name: 'b', content: 'b' }]]) })
    const images = bench.service('all', { openRegistry: several.openRegistry })
    const first = await lines(images.pull({ reference: 'many', all: true }))
    assert.deepEqual(
      first.filter(({ status }) => status?.startsWith('Pulling from')).map(({ id }) => id),
      ['a', 'b'],
    )
    assert.equal(first.at(-1)?.status, 'Status: Downloaded newer image for many')
    const tags = (await images.list()).flatMap(({ RepoTags }) => RepoTags)
    assert.deepEqual(tags.sort(), ['many:a', 'many:b'])
    const again = await lines(images.pull({ reference: 'many', all: true }))
    assert.equal(again.at(-1)?.status, 'Status: Image is up to date for many')
    assert.equal(again.length, 5)
  })
})
