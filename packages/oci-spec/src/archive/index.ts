// SPDX-License-Identifier: Apache-2.0
/**
 * The archives that layers and images travel in: a tar reader and writer that keep everything a layer needs: extended
 * attributes as bytes, times to the nanosecond, devices. Both work on chunks, hold no file in memory, and touch no file
 * system.
 *
 * @example
 * ```ts
 * import { TarParser, tarEnd } from '@teu/oci-spec/archive'
 *
 * const names: string[] = []
 * const parser = new TarParser({ entry: ({ name }) => void names.push(name), data() {}, end() {} })
 * parser.push(tarEnd)
 * parser.finish()
 * console.log(names) // []
 * ```
 *
 * @packageDocumentation
 */
export { bytesOfName, compareNames, nameOfBytes } from './name-bytes.ts'
export { blockSize as tarBlockSize, type TarEntry, type TarEntryType } from './tar-header.ts'
export { type TarHandler, TarParser } from './tar-parser.ts'
export { tarEnd, tarHeader, tarPadding } from './tar-writer.ts'
