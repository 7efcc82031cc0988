// SPDX-License-Identifier: Apache-2.0
import type { Reference } from '@teu/oci-spec/distribution'
import type { Descriptor } from '@teu/oci-spec/image'
import { inParallel } from '../client/in-parallel.ts'
import type { CallOptions } from '../client/init.ts'
import type { PushEvent } from '../client/push.ts'
import type { RegistryClient } from '../client/registry-client.ts'
import { startTransfer, type Transfer } from '../client/transfer.ts'
import { type CompressOptions, compressed, layerTypes } from './compression/compress.ts'
import { type Image, withStoredLayers } from './image.ts'
import type { Layer } from './layer/layer.ts'
import { pushSource } from './push-source.ts'

/** Options of {@link pushCompressed}. @public */
export interface PushCompressedOptions extends CompressOptions, CallOptions {
  /** Layers that are under way at a time. Default 3. */
  concurrency?: number
}

/**
 * Pushes an image whose layers may lie uncompressed, as in an archive of docker's: those are compressed on the way, once,
 * and go out as they are made, without a copy on disk or in memory. Layers that are compressed stay as they are. The
 * configuration, and so the image's id, is the same; the descriptor that is answered is of the manifest which the
 * registry has.
 *
 * In the events a layer that is compressed goes by its uncompressed form; `sent` counts the bytes of that.
 *
 * @public
 */
export function pushCompressed(
  client: Pick<RegistryClient, 'pushStream' | 'push'>,
  reference: Reference,
  image: Image,
  options: PushCompressedOptions = {},
): Transfer<PushEvent, Descriptor> {
  const { concurrency = 3, signal, compression = 'gzip', ...how } = options
  const call = signal === undefined ? {} : { signal }
  return startTransfer<PushEvent, Descriptor>(async (tell) => {
    const plain = image.layers.filter(isPlain)
    for (const { descriptor } of plain) tell({ type: 'planned', descriptor })
    const stored = new Map<Layer, Descriptor>()
    const doing = `${reference.registry}/${reference.repository}`
    const layers = compression === 'none' ? [] : plain
    await inParallel(layers, { concurrency, signal, doing }, async (layer, joined) => {
      const { descriptor } = layer
      let sent = 0
      const source = async function* () {
        sent = 0
        for await (const chunk of layer.open()) {
          sent += chunk.byteLength
          tell({ type: 'progress', descriptor, sent })
          yield chunk
        }
      }
      const mediaType = layerTypes[compression]
      const open = () => compressed(source(), { compression, ...how })
      stored.set(layer, await client.pushStream(reference, open, { mediaType, signal: joined }))
      tell({ type: 'completed', descriptor, outcome: { kind: 'sent' } })
    })
    const result = withStoredLayers(
      image,
      image.layers.map((layer) => stored.get(layer) ?? layer.descriptor),
    )
    const pushed = new Set([...stored.values()].map(({ digest }) => digest))
    await client.push(reference, result.descriptor, pushSource(result), {
      ...call,
      onEvent: (event) => void (!pushed.has(event.descriptor.digest) && tell(event)),
    })
    return result.descriptor
  })
}

function isPlain({ descriptor, diffId }: Layer): boolean {
  return descriptor.digest === diffId
}
