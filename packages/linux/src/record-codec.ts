// SPDX-License-Identifier: Apache-2.0

/** How one field of a record travels; `str` may not hold a NUL. @public */
export type FieldType = 'u32' | 'i32' | 'u64' | 'i64' | 'str' | 'bytes' | 'strs' | 'u32s'

/** The number of a record and its fields in wire order. @public */
export interface RecordLayout {
  id: number
  fields: readonly (readonly [name: string, type: FieldType])[]
}

/** One layout for each kind of a record family. @public */
export type RecordLayouts<R extends { kind: string }> = { readonly [K in R['kind']]: RecordLayout }

const headerLength = 8
const littleEndian = true

/**
 * The bytes of `record`: `{u16 kind, u16 zero, u32 length}` and its fields, little endian (the byte order of both
 * architectures we build for). Throws `RangeError` when a string holds a NUL or a number does not fit its field.
 *
 * @public
 */
export function encodeRecord<R extends { kind: string }>(layouts: RecordLayouts<R>, record: R): Uint8Array {
  return encodeRecords(layouts, [record])
}

/** The bytes of all `records`, one after the other; see {@link encodeRecord}. @public */
export function encodeRecords<R extends { kind: string }>(
  layouts: RecordLayouts<R>,
  records: readonly R[],
): Uint8Array {
  const writer = new FieldWriter()
  for (const record of records) {
    const layout = layouts[record.kind as R['kind']]
    const start = writer.length
    writer.integer(layout.id, 'u32')
    writer.integer(0, 'u32')
    for (const [name, type] of layout.fields) {
      const value = (record as Record<string, unknown>)[name]
      try {
        writer.field(type, value)
      } catch (cause) {
        throw new RangeError(`${record.kind}.${name}: ${cause instanceof Error ? cause.message : cause}`, { cause })
      }
    }
    writer.patchLength(start)
  }
  return writer.bytes()
}

class FieldWriter {
  #buffer = Buffer.allocUnsafe(4096)
  length = 0

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.length)
  }

  patchLength(start: number): void {
    this.#buffer.writeUInt32LE(this.length - start - headerLength, start + 4)
  }

  integer(value: number, type: 'u32' | 'i32'): void {
    const at = this.#reserve(4)
    if (type === 'u32') this.#buffer.writeUInt32LE(value, at)
    else this.#buffer.writeInt32LE(value, at)
  }

  field(type: FieldType, value: unknown): void {
    switch (type) {
      case 'u32':
      case 'i32':
        if (!Number.isInteger(value)) throw new RangeError(`${value} is not an integer`)
        this.integer(value as number, type)
        return
      case 'u64':
        return this.#wide((at) => this.#buffer.writeBigUInt64LE(value as bigint, at))
      case 'i64':
        return this.#wide((at) => this.#buffer.writeBigInt64LE(value as bigint, at))
      case 'str':
        this.#string(value as string)
        return
      case 'bytes':
        this.#data(value as Uint8Array)
        return
      case 'strs':
        this.integer((value as string[]).length, 'u32')
        for (const item of value as string[]) this.#string(item)
        return
      case 'u32s':
        this.integer((value as number[]).length, 'u32')
        for (const item of value as number[]) this.integer(item, 'u32')
    }
  }

  #wide(write: (at: number) => void): void {
    write(this.#reserve(8))
  }

  #string(value: string): void {
    if (value.includes('\0')) throw new RangeError('a string holds a NUL')
    this.#data(Buffer.from(value, 'utf8'))
    const end = this.#reserve(1)
    this.#buffer[end] = 0
  }

  #data(value: Uint8Array): void {
    this.integer(value.length, 'u32')
    const at = this.#reserve(value.length)
    this.#buffer.set(value, at)
  }

  /** Room for `size` bytes. It may move the buffer: reserve first, then name the buffer. */
  #reserve(size: number): number {
    const at = this.length
    if (at + size > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, at + size))
      this.#buffer.copy(larger, 0, 0, at)
      this.#buffer = larger
    }
    this.length = at + size
    return at
  }
}

/**
 * Takes whole records off a byte stream. Feed it chunks as they come; it keeps an incomplete tail, never more than
 * `limit` bytes plus one header.
 *
 * @public
 */
export class RecordReader<R extends { kind: string }> {
  readonly #byId = new Map<number, [kind: string, layout: RecordLayout]>()
  readonly #limit: number
  #pending: Buffer = Buffer.alloc(0)

  constructor(layouts: RecordLayouts<R>, limit: number) {
    for (const [kind, layout] of Object.entries<RecordLayout>(layouts)) this.#byId.set(layout.id, [kind, layout])
    this.#limit = limit
  }

  /** The records completed by `chunk`, in order. Throws `RangeError` on an unknown, oversized or malformed one. */
  push(chunk: Uint8Array): R[] {
    this.#pending = this.#pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#pending, chunk])
    const records: R[] = []
    while (this.#pending.length >= headerLength) {
      const length = this.#pending.readUInt32LE(4)
      if (length > this.#limit) throw new RangeError(`a record of ${length} bytes is over the limit of ${this.#limit}`)
      const end = headerLength + length
      if (this.#pending.length < end) break
      records.push(this.#decode(this.#pending.subarray(0, end)))
      this.#pending = this.#pending.subarray(end)
    }
    return records
  }

  #decode(bytes: Buffer): R {
    const id = bytes.readUInt16LE(0)
    const known = this.#byId.get(id)
    if (known === undefined || bytes.readUInt16LE(2) !== 0) throw new RangeError(`unknown record ${id}`)
    const [kind, layout] = known
    const reader = new FieldReader(bytes.subarray(headerLength))
    const record: Record<string, unknown> = { kind }
    for (const [name, type] of layout.fields) record[name] = reader.field(type)
    if (!reader.atEnd) throw new RangeError(`record ${kind} has bytes left over`)
    return record as R
  }
}

class FieldReader {
  readonly #view: DataView
  readonly #bytes: Buffer
  #offset = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get atEnd(): boolean {
    return this.#offset === this.#bytes.length
  }

  field(type: FieldType): unknown {
    switch (type) {
      case 'u32':
        return this.#view.getUint32(this.#take(4), littleEndian)
      case 'i32':
        return this.#view.getInt32(this.#take(4), littleEndian)
      case 'u64':
        return this.#view.getBigUint64(this.#take(8), littleEndian)
      case 'i64':
        return this.#view.getBigInt64(this.#take(8), littleEndian)
      case 'str':
        return this.#string()
      case 'bytes':
        return Uint8Array.from(this.#data())
      case 'strs':
        return this.#list(() => this.#string())
      case 'u32s':
        return this.#list(() => this.field('u32'))
    }
  }

  #list<T>(item: () => T): T[] {
    const count = this.field('u32') as number
    const list: T[] = []
    for (let index = 0; index < count; index++) list.push(item())
    return list
  }

  #string(): string {
    const text = this.#data().toString('utf8')
    if (this.#bytes[this.#take(1)] !== 0) throw new RangeError('a string has no NUL at its end')
    return text
  }

  #data(): Buffer {
    const length = this.field('u32') as number
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }

  #take(size: number): number {
    const at = this.#offset
    if (size > this.#bytes.length - at) throw new RangeError('a record is truncated')
    this.#offset = at + size
    return at
  }
}
