// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { TarParser } from '@teu/containerd-api/archive'
import { RootDirectory, syncFilesystem } from '@teu/linux'
import type { BlobBytes } from './blob-bytes.ts'
import { decompressionError, openDecompressed } from './decompress.ts'
import { LayerApplier } from './layer-applier.ts'
import { overlayWhiteouts, removingWhiteouts } from './whiteouts.ts'

/** What to unpack, and where. */
export interface ApplyLayerInput {
  /** The layer, compressed or not. */
  blob: BlobBytes
  /** The directory that becomes the root of the layer. */
  root: string
  /** `overlay` when the root is the upper directory of an overlay, `remove` when it holds the whole tree. */
  whiteouts: 'overlay' | 'remove'
  /** The layers below an upper directory, nearest first. */
  lowers: readonly string[]
  /** Whether the file system is synced before it ends. */
  sync: boolean
}

/** The uncompressed layer. */
export interface ApplyLayerResult {
  digest: string
  size: number
}

/** Unpacks a layer, and hashes it uncompressed on the way. For a worker: it writes synchronously. */
export async function applyLayer(input: ApplyLayerInput, signal: AbortSignal): Promise<ApplyLayerResult> {
  using root = RootDirectory.open(input.root, { cacheParents: true })
  using stack = new DisposableStack()
  const lowers = input.lowers.map((path) => stack.use(RootDirectory.open(path)))
  const whiteouts = input.whiteouts === 'overlay' ? overlayWhiteouts() : removingWhiteouts()
  const applier = new LayerApplier({ root, whiteouts, lowers })
  const parser = new TarParser(applier)
  const hash = createHash('sha256')
  let size = 0
  await using blob = await openDecompressed(input.blob, signal)
  const { stream } = blob
  const abort = () => stream.destroy(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      hash.update(chunk)
      size += chunk.length
      parser.push(chunk)
    }
    parser.finish()
    applier.finish()
  } catch (error) {
    throw decompressionError(error)
  } finally {
    signal.removeEventListener('abort', abort)
    applier.abort()
  }
  if (input.sync) syncFilesystem(input.root)
  return { digest: `sha256:${hash.digest('hex')}`, size }
}
