// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { ImageService, ResolvedImage } from '../../src/images/image-service.ts'

const image: ResolvedImage = {
  id: `sha256:${'1'.repeat(64)}`,
  name: 'busybox:latest',
  config: { Cmd: ['sleep', '1'], Env: ['PATH=/bin'], Labels: { from: 'image' } },
  diffIds: [],
  chainId: '',
  platform: { os: 'linux', architecture: 'amd64' },
}

/** Images in memory: one, called `busybox`, whose root filesystems are names in a set. */
export function memoryImages(): ImageService & { readonly roots: ReadonlySet<string> } {
  const roots = new Set<string>()
  const missing = (reference: string) => new StackError('not-found', `No such image: ${reference}`)
  const rootfs = (key: string) => ({ snapshotter: 'memory', key, mounts: [] })
  return {
    roots,
    snapshotter: 'memory',
    async resolve(reference) {
      if (['busybox', 'busybox:latest', image.id].includes(reference)) return image
      throw missing(`${reference}:latest`)
    },
    async *pull({ reference }) {
      if (reference.startsWith('missing')) throw missing(reference)
      yield { status: `Pulling from library/${reference}` }
      if (reference.startsWith('broken')) throw new StackError('data-loss', 'the layer is damaged')
      yield { status: 'Status: Downloaded newer image' }
    },
    async *push() {
      yield { status: 'pushed' }
    },
    async *load(archive) {
      let length = 0
      for await (const chunk of archive) length += chunk.byteLength
      yield { stream: `Loaded ${length} bytes\n` }
    },
    async save(names) {
      if (names.length === 0) throw missing('')
      return (async function* () {
        yield Buffer.from('tar')
      })()
    },
    list: async () => [],
    usage: async () => ({ images: [], layersSize: 0 }),
    inspect: async (reference) => {
      throw missing(reference)
    },
    history: async () => [],
    tag: async () => {},
    remove: async (reference) => [{ Untagged: reference }],
    prune: async () => ({ deleted: [], reclaimed: 0 }),
    async prepareRootfs(containerId) {
      roots.add(containerId)
      return rootfs(containerId)
    },
    rootfs: async (containerId) => rootfs(containerId),
    openRootfs: async () => ({
      readFile: async () => undefined,
      makeDirectory: async () => {},
      async [Symbol.asyncDispose]() {},
    }),
    exportRootfs: async () =>
      (async function* () {
        yield Buffer.from('tar')
      })(),
    rootfsSize: async () => 42,
    async rootfsSizes(containerId) {
      if (!roots.has(containerId)) throw missing(containerId)
      return { writable: 42, total: 1042 }
    },
    async removeRootfs(containerId) {
      roots.delete(containerId)
    },
  }
}
