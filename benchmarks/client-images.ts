// SPDX-License-Identifier: Apache-2.0
import { open } from 'node:fs/promises'
import { appendLayer, emptyImage, layerFromEntries, withFormat, writeDockerArchive } from '@teu/image-registry/image'
import { writeLayout } from '@teu/image-registry/layout'
import { imageArchive } from '../e2e/harness/programs.ts'

/** A layout with an image of one plain layer of `size` bytes, called `v1`. */
export async function writeLargeLayout(directory: string, size: number): Promise<void> {
  const zeros = Buffer.alloc(1 << 20)
  const content = {
    size,
    async *open() {
      for (let left = size; left > 0; left -= zeros.length) yield zeros.subarray(0, left)
    },
  }
  const layer = await layerFromEntries([{ path: 'large', content }], { compression: 'none' })
  await writeLayout(directory, [appendLayer(emptyImage(), layer)], { name: 'v1' })
}

/** An archive, as docker saves it, of an image whose layer has `size` bytes of programs and documents. */
export async function writeProgramsArchive(file: string, name: string, size: number): Promise<void> {
  const content = { size, open: () => repeated(imageArchive('debian'), size) }
  const layer = await layerFromEntries([{ path: 'programs', content }], { compression: 'none' })
  const image = withFormat(appendLayer(emptyImage(), layer), 'docker')
  await writeDockerArchive(file, [{ image, names: [name] }])
}

/** A file's bytes, from its beginning again and again. */
async function* repeated(file: string, size: number): AsyncGenerator<Uint8Array> {
  await using handle = await open(file)
  let left = size
  while (left > 0) {
    for await (const chunk of handle.createReadStream({ start: 0, autoClose: false, highWaterMark: 1 << 20 })) {
      if (left <= 0) break
      yield (chunk as Buffer).subarray(0, left)
      left -= Math.min(left, (chunk as Buffer).length)
    }
  }
}
