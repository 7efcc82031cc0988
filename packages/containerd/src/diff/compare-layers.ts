// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { createGzip, createZstdCompress } from 'node:zlib'
import { RootDirectory } from '@teu/linux'
import type { Compression } from './decompress.ts'
import { writeLayer } from './layer-writer.ts'
import { needsMergedView, overlayChanges } from './overlay-changes.ts'
import { treeChanges } from './tree-changes.ts'

const chunkSize = 256 * 1024

/** Which trees to compare, and how the layer is packed. */
export interface CompareLayersInput {
  /** The tree before; absent for an empty one. */
  left: string
  /** The tree after. */
  right: string
  /** The upper directory of `right`, when `left` is exactly what is below it. */
  upper?: string | undefined
  compression: Compression
  /** No entry is dated later, in nanoseconds since 1970. */
  latestNs?: bigint | undefined
}

/** The layer, before it was compressed. */
export interface CompareLayersResult {
  diffId: string
}

/** Writes the layer that makes one tree of another, through `emit`, which settles when more is wanted. */
export async function compareLayers(
  input: CompareLayersInput,
  signal: AbortSignal,
  emit: (chunk: Uint8Array) => Promise<void>,
): Promise<CompareLayersResult> {
  using left = RootDirectory.open(input.left)
  using right = RootDirectory.open(input.right)
  using upper = input.upper === undefined ? undefined : RootDirectory.open(input.upper)
  const inUpper = upper !== undefined && !needsMergedView(upper)
  const changes = inUpper ? overlayChanges(upper) : treeChanges(left, right)
  const hash = createHash('sha256')
  function* hashed() {
    for (const chunk of joined(writeLayer({ root: inUpper ? upper : right, changes, latestNs: input.latestNs }))) {
      hash.update(chunk)
      yield chunk
    }
  }
  for await (const chunk of packed(hashed(), input.compression)) {
    signal.throwIfAborted()
    await emit(chunk)
  }
  return { diffId: `sha256:${hash.digest('hex')}` }
}

function packed(chunks: Iterable<Uint8Array>, compression: Compression): AsyncIterable<Uint8Array> {
  const source = Readable.from(chunks, { objectMode: true })
  if (compression === 'none') return source
  // Node writes no time and no name into the header, so equal layers stay equal when they are packed.
  const pack = compression === 'gzip' ? createGzip({ chunkSize }) : createZstdCompress({ chunkSize })
  source.on('error', (error) => pack.destroy(error))
  return source.pipe(pack)
}

/** Headers and small files together, so that a message is worth its cost. */
function* joined(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  let pending: Uint8Array[] = []
  let size = 0
  for (const chunk of chunks) {
    pending.push(chunk)
    size += chunk.length
    if (size < chunkSize) continue
    yield Buffer.concat(pending)
    pending = []
    size = 0
  }
  if (size > 0) yield Buffer.concat(pending)
}
