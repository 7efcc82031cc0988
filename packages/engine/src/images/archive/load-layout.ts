// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StackError } from '@teu/errors'
import { type Descriptor, imageIndexFile, layoutBlobPath, parseManifest } from '@teu/oci-spec/image'
import type { ImageContext } from '../image-context.ts'
import { setImage } from '../image-records.ts'
import { withLease } from '../lease.ts'
import { importImage } from './import-image.ts'

/**
 * Brings the first image of an OCI layout directory into containerd under `name`, unpacked. The directory is trusted
 * as to where it lies, not as to its content: every blob is verified.
 */
export async function loadLayout(
  context: ImageContext,
  directory: string,
  name: string,
  signal: AbortSignal,
): Promise<{ digest: string; changed: boolean }> {
  async function* open({ digest }: Descriptor): AsyncGenerator<Uint8Array> {
    yield* createReadStream(join(directory, layoutBlobPath(digest)), { signal })
  }
  const parsed = parseManifest(await readFile(join(directory, imageIndexFile), { signal }))
  const [root] = parsed.kind === 'index' ? parsed.index.manifests : []
  if (!root) throw new StackError('not-found', `image layout ${directory} names no image`)
  return withLease(context, signal, async (lease) => {
    const transfer = { lease, signal }
    await importImage(context, root, open, transfer)
    const before = await setImage(context, name, root, transfer)
    return { digest: root.digest, changed: before !== root.digest }
  })
}
