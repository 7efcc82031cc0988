// SPDX-License-Identifier: Apache-2.0

/** A file or folder of a layer; a name that ends in `/` is a folder. */
export interface LayerEntry {
  name: string
  data?: string | Uint8Array
  mode?: number
  uid?: number
  /** Makes it a symbolic link. */
  target?: string
}

const block = 512

/** A layer as an uncompressed tar archive, in the ustar form. */
export function layerOf(...entries: readonly LayerEntry[]): Buffer {
  const parts = entries.flatMap((entry) => {
    const data = Buffer.from(entry.data ?? '')
    return [header(entry, data.length), data, Buffer.alloc((block - (data.length % block)) % block)]
  })
  return Buffer.concat([...parts, Buffer.alloc(2 * block)])
}

function header({ name, mode, uid = 0, target = '' }: LayerEntry, size: number): Buffer {
  const bytes = Buffer.alloc(block)
  const octal = (value: number, at: number, length: number) =>
    bytes.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at)
  const folder = name.endsWith('/')
  bytes.write(name, 0)
  octal(mode ?? (folder ? 0o755 : 0o644), 100, 8)
  octal(uid, 108, 8)
  octal(uid, 116, 8)
  octal(size, 124, 12)
  octal(1_700_000_000, 136, 12)
  bytes.write(folder ? '5' : target ? '2' : '0', 156)
  bytes.write(target, 157)
  bytes.write('ustar\x0000', 257)
  // The sum is taken with blanks in its own place.
  bytes.fill(' ', 148, 156)
  const sum = bytes.reduce((total, byte) => total + byte, 0)
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return bytes
}
