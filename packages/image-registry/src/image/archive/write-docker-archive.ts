// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { digestEncoded, digestOf } from '@teu/oci-spec/image'
import { decompressed } from '../compression/decompress.ts'
import { type ArchiveWriter, writeArchive } from './archive-writer.ts'
import type { ArchivedImage } from './read-docker-archive.ts'

/**
 * Writes an archive that `docker load`, podman and skopeo read: a configuration, plain layers named by their diff ids,
 * and a `manifest.json`. Images that share layers share them there. The file appears whole or not at all, and is the same
 * for the same images.
 *
 * Throws `invalid-argument` for a name that two images have, `data-loss` for a layer without its diff id.
 *
 * @public
 */
export async function writeDockerArchive(file: string, images: readonly ArchivedImage[]): Promise<void> {
  if (images.length === 0) throw new StackError('invalid-argument', 'no image to write')
  const names = images.flatMap((image) => image.names)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new StackError('invalid-argument', `two images are called ${JSON.stringify(twice)}`)
  await writeArchive(file, (writer) => writeImages(writer, images))
}

async function writeImages(writer: ArchiveWriter, images: readonly ArchivedImage[]): Promise<void> {
  const written = new Set<string>()
  const once = async (name: string, write: () => Promise<void>) => {
    if (!written.has(name)) await write()
    written.add(name)
    return name
  }
  const entries: object[] = []
  for (const { image, names } of images) {
    const layers: string[] = []
    for (const layer of image.layers) {
      const name = `${digestEncoded(layer.diffId)}.tar`
      layers.push(await once(name, () => writer.measured(name, layer.diffId, decompressed(layer.open()))))
    }
    const config = `${digestEncoded(digestOf(image.configBytes))}.json`
    await once(config, () => writer.bytes(config, image.configBytes))
    entries.push({ Config: config, RepoTags: names.length === 0 ? null : names, Layers: layers })
  }
  await writer.bytes('manifest.json', Buffer.from(JSON.stringify(entries)))
}
