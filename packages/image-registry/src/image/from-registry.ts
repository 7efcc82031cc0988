// SPDX-License-Identifier: Apache-2.0
import { formatReference, type Reference } from '@teu/oci-spec/distribution'
import { hostPlatform, isIndexType, isManifestType, type Platform } from '@teu/oci-spec/image'
import type { CallOptions } from '../client/init.ts'
import type { RegistryClient } from '../client/registry-client.ts'
import type { Image } from './image.ts'
import { type Content, imageFor } from './image-index.ts'
import { loadContent } from './load-content.ts'

/** What is needed of a registry's client to read images. @public */
export type ContentClient = Pick<RegistryClient, 'resolve' | 'fetchManifest' | 'pullBlob'>

/** Options of {@link contentFromRegistry}. @public */
export interface FromRegistryOptions extends CallOptions {
  /** The one image of an index that is wanted. Default: all that the reference names. */
  platform?: Platform
}

/**
 * What a reference names in a registry, as a value. Manifests and configurations are fetched and checked now; a layer
 * each time it is opened, with the client, which must live that long. The signal is for what is fetched now.
 *
 * Fails as the client's `pull` does: `not-found` for a reference or a platform that there is not, `data-loss` for bytes
 * that are not what was promised, `resource-exhausted` for a manifest or a configuration of more than 4 MiB, `cancelled`.
 *
 * @public
 */
export async function contentFromRegistry(
  client: ContentClient,
  reference: Reference,
  { platform, signal }: FromRegistryOptions = {},
): Promise<Content> {
  const call = signal === undefined ? {} : { signal }
  const { registry, repository } = reference
  const root = await client.resolve(reference, call)
  return loadContent(
    {
      name: formatReference(reference),
      async read(descriptor) {
        const { mediaType, digest } = descriptor
        if (isIndexType(mediaType) || isManifestType(mediaType))
          return (await client.fetchManifest({ registry, repository, digest }, { ...call, expected: descriptor })).body
        return Buffer.concat(await Array.fromAsync(client.pullBlob({ registry, repository }, descriptor, call)))
      },
      open: (descriptor, offset = 0) => client.pullBlob({ registry, repository }, descriptor, { offset }),
    },
    root,
    platform === undefined ? {} : { platform },
  )
}

/**
 * The image that a reference names in a registry, for one platform; default Linux on this machine's processor. See
 * {@link contentFromRegistry} for what is fetched when, and what fails how.
 *
 * @public
 */
export async function imageFromRegistry(
  client: ContentClient,
  reference: Reference,
  options: FromRegistryOptions = {},
): Promise<Image> {
  const platform = options.platform ?? hostPlatform()
  return imageFor(await contentFromRegistry(client, reference, { ...options, platform }), platform)
}
