// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { ConformanceCase } from '../harness/suite.ts'
import { addBlob, digestOf } from './blobs.ts'
import type { ContainerdContext } from './context.ts'
import { refused } from './refused.ts'

const mediaType = 'application/vnd.oci.image.manifest.v1+json'
const target = (text: string) => ({ mediaType, digest: digestOf(text), size: BigInt(text.length) })

export const namespaceCases: readonly ConformanceCase<ContainerdContext>[] = [
  {
    name: 'a namespace is created once, told, listed and deleted once',
    async run(containerd) {
      const { namespaces } = containerd.calls
      const name = containerd.name('ns')
      await namespaces.create({ namespace: { name, labels: { a: '1' } } })
      await refused(namespaces.create({ namespace: { name } }), 'ALREADY_EXISTS')
      assert.deepEqual((await namespaces.get({ name })).namespace, { name, labels: { a: '1' } })
      assert.ok((await namespaces.list()).namespaces.some((namespace) => namespace.name === name))
      await namespaces.delete({ name })
      await refused(namespaces.delete({ name }), 'NOT_FOUND')
      assert.ok(!(await namespaces.list()).namespaces.some((namespace) => namespace.name === name))
    },
  },
  {
    name: "a namespace's name outside the grammar is InvalidArgument",
    async run(containerd) {
      for (const name of ['', 'a/b', '.a', 'x'.repeat(77)])
        await refused(containerd.calls.namespaces.create({ namespace: { name } }), 'INVALID_ARGUMENT')
    },
  },
  {
    name: "a namespace's labels change by mask, and an empty value takes one away",
    async run(containerd) {
      const { namespaces } = containerd.calls
      const name = containerd.name('ns')
      await namespaces.create({ namespace: { name, labels: { a: '1', b: '2' } } })
      const labels = { a: '', b: 'ignored', c: '3' }
      await namespaces.update({ namespace: { name, labels }, updateMask: ['labels.a', 'labels.c'] })
      assert.deepEqual((await namespaces.get({ name })).namespace?.labels, { b: '2', c: '3' })
      await namespaces.delete({ name })
    },
  },
  {
    name: "a namespace's label of more than 4096 bytes is InvalidArgument",
    async run(containerd) {
      const { namespaces } = containerd.calls
      const name = containerd.name('ns')
      const labels = { a: 'x'.repeat(4096) }
      await refused(namespaces.create({ namespace: { name, labels } }), 'INVALID_ARGUMENT')
      await namespaces.create({ namespace: { name } })
      await refused(namespaces.update({ namespace: { name, labels }, updateMask: ['labels.a'] }), 'INVALID_ARGUMENT')
      await namespaces.delete({ name })
    },
  },
  {
    name: 'a namespace that holds something is not deleted, and the refusal says what',
    async run(containerd) {
      await containerd.withNamespace(async (calls, namespace) => {
        await addBlob(calls, 'holds', { 'containerd.io/gc.root': 'x' })
        await calls.images.create({ image: { name: 'held', target: target('holds') } })
        await refused(calls.namespaces.delete({ name: namespace }), 'FAILED_PRECONDITION', /images|blobs/)
        assert.equal((await calls.images.get({ name: 'held' })).image?.name, 'held')
      })
    },
  },
  {
    name: 'the first write makes its namespace, and other namespaces do not see what it made',
    async run(containerd) {
      await containerd.withNamespace(async (calls, namespace) => {
        const image = { name: 'mine', target: target('mine') }
        await calls.images.create({ image })
        assert.equal((await calls.namespaces.get({ name: namespace })).namespace?.name, namespace)
        await refused(containerd.calls.images.get({ name: 'mine' }), 'NOT_FOUND')
        await containerd.withNamespace((other) => other.images.create({ image }).then(() => {}))
        assert.equal((await calls.images.list()).images.length, 1)
      })
    },
  },
]
