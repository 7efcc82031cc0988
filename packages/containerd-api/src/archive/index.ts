// SPDX-License-Identifier: Apache-2.0
/**
 * The archives of layers as `@teu/oci-spec/archive` reads and writes them, under the name by which those who speak
 * containerd's contract know them.
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
export {
  bytesOfName,
  compareNames,
  nameOfBytes,
  type TarEntry,
  type TarEntryType,
  type TarHandler,
  TarParser,
  tarEnd,
  tarHeader,
  tarPadding,
} from '@teu/oci-spec/archive'
