// SPDX-License-Identifier: Apache-2.0
import { pipeline, Readable } from 'node:stream'
import { constants, createZstdCompress } from 'node:zlib'
import { StackError } from '@teu/errors'
import { mediaTypes } from '@teu/oci-spec/image'
import { gzip } from './gzip.ts'

/** How a layer's tar is stored. @public */
export type Compression = 'gzip' | 'zstd' | 'none'

/** Options of compressing. @public */
export interface CompressOptions {
  /** Default `gzip`. */
  compression?: Compression
  /** Of gzip 0 to 9, of zstd 1 to 22. Default 4 and 3. */
  level?: number
}

/** The media type of a layer that is stored so. @internal */
export const layerTypes: Readonly<Record<Compression, string>> = {
  gzip: mediaTypes.ociLayerGzip,
  zstd: mediaTypes.ociLayerZstd,
  none: mediaTypes.ociLayer,
}

/** Output of the compressor that is handed over at a time. */
const chunkSize = 256 * 1024

/**
 * Compresses what a source yields, gzip on all cores. The same bytes at the same level make the same bytes. Throws
 * `invalid-argument` for a level that there is not.
 *
 * @public
 */
export function compressed(
  source: AsyncIterable<Uint8Array>,
  { compression = 'gzip', level }: CompressOptions = {},
): AsyncIterable<Uint8Array> {
  const [least, most] = compression === 'zstd' ? [1, 22] : [0, 9]
  if (level !== undefined && !(Number.isInteger(level) && level >= least && level <= most))
    throw new StackError('invalid-argument', `${compression} has no level ${level}`)
  if (compression === 'none') return source
  if (compression === 'gzip') return gzip(source, level === undefined ? {} : { level })
  const params = { [constants.ZSTD_c_compressionLevel]: level ?? 3 }
  const compressor = createZstdCompress({ chunkSize, params })
  // Failures reach the reader of the compressor, which is destroyed with them.
  pipeline(Readable.from(source, { objectMode: false }), compressor, () => {})
  return compressor
}
