// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Descriptor,
  imageIndexFile,
  layoutBlobPath,
  matchPlatform,
  type Platform,
  parseManifest,
} from '@teu/oci-spec/image'
import type { ImageContext } from '../image-context.ts'
import { setImage } from '../image-records.ts'
import { withLease } from '../lease.ts'
import { importImage } from './import-image.ts'

/** An image of an OCI layout directory that came with the program. */
export interface BundledImage {
  directory: string
  root: Descriptor
}

/** The image for a platform in an OCI layout directory; undefined when it has none that the platform runs. */
export async function findBundled(
  directory: string,
  platform: Platform,
  signal: AbortSignal | undefined,
): Promise<BundledImage | undefined> {
  const parsed = parseManifest(await readFile(join(directory, imageIndexFile), { signal }))
  const [root] = parsed.kind === 'index' ? matchPlatform(parsed.index.manifests, platform) : []
  return root && { directory, root }
}

/**
 * Brings an image of a layout into containerd under `name`, unpacked, and answers whether the name stood for something
 * else before. The directory is trusted as to where it lies, not as to its content: every blob is verified.
 */
export async function loadBundled(
  context: ImageContext,
  { directory, root }: BundledImage,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  async function* open({ digest }: Descriptor): AsyncGenerator<Uint8Array> {
    yield* createReadStream(join(directory, layoutBlobPath(digest)), { signal })
  }
  return withLease(context, signal, async (lease) => {
    const transfer = { lease, signal }
    await importImage(context, root, open, transfer)
    return (await setImage(context, name, root, transfer)) !== root.digest
  })
}
