// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { TarParser } from '@teu/oci-spec/archive'

/** What an archive of `docker save` has of its first image. */
export interface ArchivedImage {
  layers: readonly Uint8Array[]
  /** The digests of the uncompressed layers, by the image's own account. */
  diffIds: readonly string[]
}

/** Reads an archive into memory: it is a test image, and small. */
export async function readImageArchive(path: string): Promise<ArchivedImage> {
  const files = new Map<string, Buffer[]>()
  let chunks: Buffer[] = []
  const parser = new TarParser({
    entry({ name }) {
      chunks = []
      files.set(name.replace(/^\.\//, ''), chunks)
    },
    data: (chunk) => void chunks.push(Buffer.from(chunk)),
    end() {},
  })
  for await (const chunk of createReadStream(path)) parser.push(chunk as Buffer)
  parser.finish()
  const file = (name: string): Buffer => {
    const parts = files.get(name)
    assert.ok(parts, `${path} has no ${name}`)
    return Buffer.concat(parts)
  }
  const [image] = JSON.parse(file('manifest.json').toString()) as { Config: string; Layers: string[] }[]
  assert.ok(image, `${path} has no image`)
  const config = JSON.parse(file(image.Config).toString()) as { rootfs: { diff_ids: string[] } }
  return { layers: image.Layers.map(file), diffIds: config.rootfs.diff_ids }
}
