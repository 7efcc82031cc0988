// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { Container } from '@teu/containerd-api'
import type { Draft } from '../harness/draft.ts'
import type { ConformanceCase } from '../harness/suite.ts'
import type { ContainerdContext } from './context.ts'
import { collect, refused } from './refused.ts'

const specType = 'types.containerd.io/opencontainers/runtime-spec/1/Spec'

/** A record without a task. */
function record(containerd: ContainerdContext, id: string, fields: Draft<Container> = {}): Draft<Container> {
  const spec = { typeUrl: specType, value: Buffer.from('{"ociVersion":"1.0.2"}') }
  return { id, runtime: { name: containerd.runtime }, spec, ...fields }
}

export const containerCases: readonly ConformanceCase<ContainerdContext>[] = [
  {
    name: 'a container is created once, told as it was given, and deleted once',
    async run(containerd) {
      const { containers } = containerd.calls
      const id = containerd.name('container')
      const options = { typeUrl: 'containerd.runc.v1.Options', value: Buffer.from([0x48, 1]) }
      const extension = { typeUrl: 'example.Type', value: Buffer.from('opaque') }
      const given = record(containerd, id, {
        labels: { a: '1' },
        image: 'some image',
        runtime: { name: containerd.runtime, options },
        extensions: { 'example.ext': extension },
      })
      await containers.create({ container: given })
      await refused(containers.create({ container: given }), 'ALREADY_EXISTS')
      const { container } = await containers.get({ id })
      assert.deepEqual([container?.id, container?.labels, container?.image], [id, { a: '1' }, 'some image'])
      assert.deepEqual([container?.runtime?.name, container?.runtime?.options], [containerd.runtime, options])
      assert.deepEqual(container?.spec, given.spec)
      assert.deepEqual(container?.extensions['example.ext'], extension)
      assert.ok(container?.createdAt && container.updatedAt)
      await containers.delete({ id })
      await refused(containers.get({ id }), 'NOT_FOUND')
      await refused(containers.delete({ id }), 'NOT_FOUND')
    },
  },
  {
    name: 'a container without a runtime or a spec, or with an id outside the grammar, is InvalidArgument',
    async run(containerd) {
      const { containers } = containerd.calls
      const id = containerd.name('container')
      for (const fields of [{ runtime: undefined }, { spec: undefined }, { runtime: { name: '' } }])
        await refused(containers.create({ container: record(containerd, id, fields) }), 'INVALID_ARGUMENT')
      for (const bad of ['', '../up', 'a/b', 'x'.repeat(77)])
        await refused(containers.create({ container: record(containerd, bad) }), 'INVALID_ARGUMENT')
      const labels = { a: 'x'.repeat(4096) }
      await refused(containers.create({ container: record(containerd, id, { labels }) }), 'INVALID_ARGUMENT')
    },
  },
  {
    name: 'a container changes what its mask names',
    async run(containerd) {
      const { containers } = containerd.calls
      const id = containerd.name('container')
      await containers.create({ container: record(containerd, id, { labels: { a: '1', b: '2' }, image: 'old' }) })
      const spec = { typeUrl: specType, value: Buffer.from('{}') }
      const update = async (fields: Draft<Container>, ...updateMask: string[]) =>
        (await containers.update({ container: record(containerd, id, fields), updateMask })).container
      const labelled = await update({ labels: { b: '3' }, image: 'ignored' }, 'labels.b')
      assert.deepEqual([labelled?.labels, labelled?.image], [{ a: '1', b: '3' }, 'old'])
      assert.equal((await update({ image: 'new' }, 'image'))?.image, 'new')
      assert.deepEqual((await update({ spec }, 'spec'))?.spec, spec)
      const extended = await update({ extensions: { one: spec, two: spec } }, 'extensions.one')
      assert.deepEqual(Object.keys(extended?.extensions ?? {}), ['one'])
      assert.deepEqual((await update({ labels: { c: '4' } }, 'labels'))?.labels, { c: '4' })
      const stored = (await containers.get({ id })).container
      assert.deepEqual([stored?.labels, stored?.image, stored?.spec], [{ c: '4' }, 'new', spec])
      await containers.delete({ id })
    },
  },
  {
    name: 'a container keeps its runtime, and one that is not there is NotFound',
    async run(containerd) {
      const { containers } = containerd.calls
      const id = containerd.name('container')
      await containers.create({ container: record(containerd, id) })
      const runtime = { name: 'io.containerd.other.v9' }
      for (const updateMask of [['runtime'], undefined])
        await refused(
          containers.update({ container: record(containerd, id, { runtime }), updateMask }),
          'INVALID_ARGUMENT',
        )
      await refused(
        containers.update({ container: record(containerd, id), updateMask: ['created_at'] }),
        'INVALID_ARGUMENT',
      )
      await containers.delete({ id })
      await refused(containers.update({ container: record(containerd, id), updateMask: ['image'] }), 'NOT_FOUND')
    },
  },
  {
    name: 'containers are listed by id, image, runtime and label, in one message or as a stream',
    async run(containerd) {
      const { containers } = containerd.calls
      const [one, two] = [containerd.name('container'), containerd.name('container')]
      await containers.create({ container: record(containerd, one, { labels: { set: one }, image: 'a' }) })
      await containers.create({ container: record(containerd, two, { labels: { set: one }, image: 'b' }) })
      const expectations: [string[], string[]][] = [
        [[`labels.set==${one}`], [one, two]],
        [[`labels.set==${one},image==b`], [two]],
        [[`id==${one}`], [one]],
        [
          [`id==${one}`, `id==${two}`],
          [one, two],
        ],
        [[`labels.set==${one},runtime.name~=${containerd.runtime}`], [one, two]],
        [[`labels.set==${one},image!=a`], [two]],
        [['id==absent'], []],
      ]
      for (const [filters, ids] of expectations) {
        const listed = (await containers.list({ filters })).containers.map(({ id }) => id)
        assert.deepEqual(listed.sort(), ids.sort(), filters.join(' or '))
        const streamed = (await collect(containers.listStream({ filters }))).map(({ container }) => container?.id)
        assert.deepEqual(streamed.sort(), ids, `a stream of ${filters.join(' or ')}`)
      }
      for (const id of [one, two]) await containers.delete({ id })
    },
  },
]
