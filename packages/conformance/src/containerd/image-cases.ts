// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { ConformanceCase } from '../harness/suite.ts'
import { digestOf } from './blobs.ts'
import type { ContainerdContext } from './context.ts'
import { refused } from './refused.ts'

const mediaType = 'application/vnd.oci.image.manifest.v1+json'
const target = (text: string) => ({ mediaType, digest: digestOf(text), size: 7n })

export const imageCases: readonly ConformanceCase<ContainerdContext>[] = [
  {
    name: 'an image is created once, told and deleted once; its name is a free string',
    async run(containerd) {
      const { calls } = containerd
      const name = `Free String: ${containerd.prefix}`
      const { image } = await calls.images.create({ image: { name, labels: { a: '1' }, target: target('one') } })
      assert.ok(image?.createdAt)
      await refused(calls.images.create({ image: { name, target: target('two') } }), 'ALREADY_EXISTS')
      const { image: told } = await calls.images.get({ name })
      assert.deepEqual([told?.name, told?.labels, told?.target?.digest], [name, { a: '1' }, digestOf('one')])
      assert.deepEqual([told?.target?.mediaType, told?.target?.size], [mediaType, 7n])
      await calls.images.delete({ name })
      await refused(calls.images.get({ name }), 'NOT_FOUND')
      await refused(calls.images.delete({ name }), 'NOT_FOUND')
    },
  },
  {
    name: 'an image without a name or a target is InvalidArgument',
    async run({ calls }) {
      await refused(calls.images.create({ image: { name: '', target: target('x') } }), 'INVALID_ARGUMENT')
      await refused(calls.images.create({ image: { name: 'x' } }), 'INVALID_ARGUMENT')
      const short = { ...target('x'), digest: 'sha256:short' }
      await refused(calls.images.create({ image: { name: 'x', target: short } }), 'INVALID_ARGUMENT')
    },
  },
  {
    name: 'an image changes what its mask names, and all that can change without a mask',
    async run(containerd) {
      const { images } = containerd.calls
      const name = containerd.name('image')
      await images.create({ image: { name, labels: { a: '1', b: '2' }, target: target('one') } })
      const masked = { name, labels: { a: '', c: '3' }, target: target('two') }
      const first = await images.update({ image: masked, updateMask: ['labels.a', 'labels.c'] })
      assert.deepEqual([first.image?.labels, first.image?.target?.digest], [{ b: '2', c: '3' }, digestOf('one')])
      const second = await images.update({ image: masked, updateMask: ['target'] })
      assert.deepEqual([second.image?.labels, second.image?.target?.digest], [{ b: '2', c: '3' }, digestOf('two')])
      const whole = await images.update({ image: { name, labels: { d: '4' }, target: target('three') } })
      assert.deepEqual([whole.image?.labels, whole.image?.target?.digest], [{ d: '4' }, digestOf('three')])
      await refused(images.update({ image: masked, updateMask: ['created_at'] }), 'INVALID_ARGUMENT')
      await refused(images.update({ image: { name: `${name}-absent`, target: target('x') } }), 'NOT_FOUND')
    },
  },
  {
    name: 'images are listed by name, label and target, any filter of the list being enough',
    async run(containerd) {
      const { images } = containerd.calls
      const [one, two] = [containerd.name('image'), containerd.name('image')]
      await images.create({ image: { name: one, labels: { set: containerd.prefix }, target: target('one') } })
      await images.create({ image: { name: two, labels: { set: containerd.prefix }, target: target('two') } })
      const names = async (...filters: string[]) =>
        (await images.list({ filters })).images.map(({ name }) => name).sort()
      assert.deepEqual(await names(`labels.set==${containerd.prefix}`), [one, two].sort())
      assert.deepEqual(await names(`name==${one}`), [one])
      assert.deepEqual(await names(`name==${one}`, `name==${two}`), [one, two].sort())
      assert.deepEqual(await names(`labels.set,target.digest==${digestOf('two')}`), [two])
      await refused(names('name==='), 'INVALID_ARGUMENT')
    },
  },
  {
    name: 'a pattern that would backtrack for ever is matched at once',
    async run(containerd) {
      const { images } = containerd.calls
      const name = `${'a'.repeat(60)}-${containerd.name('image')}`
      await images.create({ image: { name, target: target('one') } })
      const count = async (pattern: string) => (await images.list({ filters: [`name~=/${pattern}/`] })).images.length
      for (const pattern of ['^(a+){17}$', '(?i)^(A+)+$', '^(a|aa)+$', '^(.*a){25}$', '^(a?){60}a{60}$'])
        assert.equal(await count(pattern), 0, pattern)
      assert.equal(await count('^(a+){17}-'), 1)
    },
  },
]
