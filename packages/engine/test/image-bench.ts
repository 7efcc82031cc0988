// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProgressMessage } from '@teu/engine-api'
import type { Descriptor } from '@teu/oci-spec/image'
import { createImageService, type ImageServiceInit } from '../src/images/create-image-service.ts'
import type { ImageService } from '../src/images/image-service.ts'
import { type OriginalContainerd, startContainerd } from './original-containerd.ts'
import type { SampleImage } from './sample-image.ts'

/** A containerd of its own with image services in namespaces of their own. */
export class ImageBench implements AsyncDisposable {
  readonly #directory: string
  readonly containerd: OriginalContainerd

  private constructor(directory: string, containerd: OriginalContainerd) {
    this.#directory = directory
    this.containerd = containerd
  }

  static async start(): Promise<ImageBench> {
    const directory = mkdtempSync(join(tmpdir(), 'teu-images-'))
    return new ImageBench(directory, await startContainerd(join(directory, 'containerd')))
  }

  service(namespace: string, extra: Partial<ImageServiceInit> = {}): ImageService {
    return createImageService({
      containerd: this.containerd.services,
      namespace,
      mountDirectory: join(this.#directory, 'mounts'),
      ...extra,
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.containerd[Symbol.asyncDispose]()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

/** A registry in memory: images by tag. What is pushed to it is kept in `pushed`, by tag. */
export function memoryRegistry(images: Readonly<Record<string, SampleImage>>) {
  const blobs = new Map(Object.values(images).flatMap((image) => [...image.blobs]))
  const pushed = new Map<string, Descriptor>()
  const openRegistry = () => ({
    async resolve({ tag = '' }: { tag?: string }) {
      const image = images[tag]
      if (!image) throw Object.assign(new Error(`no tag ${tag}`), { code: 'not-found' })
      return image.root
    },
    async *tags() {
      yield* Object.keys(images)
    },
    manifest: async (_: unknown, { digest }: Descriptor) => blobs.get(digest) as Uint8Array,
    async *blob(_: unknown, { digest }: Descriptor, { offset = 0 }: { offset?: number } = {}) {
      yield (blobs.get(digest) as Uint8Array).subarray(offset)
    },
    pushBlob: async () => 'exists' as const,
    async pushManifest({ tag }: { tag?: string }, descriptor: Descriptor) {
      if (tag) pushed.set(tag, descriptor)
    },
    close: async () => {},
  })
  return { pushed, openRegistry }
}

/** All messages of a stream. */
export function lines(stream: AsyncIterable<ProgressMessage>): Promise<ProgressMessage[]> {
  return Array.fromAsync(stream)
}

/** Bytes as they come in a request. */
export async function* bytesOf(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}
