// SPDX-License-Identifier: Apache-2.0
/**
 * Archives: a tar reader and writer that keep everything a layer needs: extended attributes as bytes, times to the
 * nanosecond, devices. Both work on chunks, hold no file in memory, and touch no file system.
 *
 * @example
 * ```ts
 * import { TarParser } from '@teu/containerd-api/archive'
 *
 * const names: string[] = []
 * const parser = new TarParser({ entry: ({ name }) => void names.push(name), data() {}, end() {} })
 * parser.push(new Uint8Array(1024))
 * parser.finish()
 * console.log(names) // []
 * ```
 *
 * @packageDocumentation
 */
export type { TarEntry, TarEntryType } from './tar-header.ts'
export { type TarHandler, TarParser } from './tar-parser.ts'
export { tarEnd, tarHeader, tarPadding } from './tar-writer.ts'
