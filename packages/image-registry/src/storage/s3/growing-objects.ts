// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { ByteRange } from '@teu/oci-spec/distribution'
import type { Bucket } from './bucket.ts'
import type { Piece } from './parts.ts'
import { Slots } from './slots.ts'

/** An object that grows: pieces under keys of their own. @internal */
export interface Growing {
  pieces: Piece[]
  size: number
  modified: number
}

/**
 * Objects that are being added to. The protocol knows none, so each lies in pieces, under keys that end in where a
 * piece begins, below a prefix that only they have. Pieces can be read, unlike the parts of an unfinished multipart upload, so an
 * upload's digest can be found out after a restart. Which there are is known here; it is read once from the bucket.
 *
 * @internal
 */
export class GrowingObjects {
  readonly #bucket: Bucket
  readonly #prefix: string
  readonly #partSize: number
  readonly #slots: Slots
  #loaded: Promise<Map<string, Growing>> | undefined

  constructor(bucket: Bucket, prefix: string, { partSize, maximumParts }: { partSize: number; maximumParts: number }) {
    this.#bucket = bucket
    this.#prefix = prefix
    this.#partSize = partSize
    this.#slots = new Slots(maximumParts)
  }

  async find(path: string): Promise<Growing | undefined> {
    return (await this.#all()).get(path)
  }

  /** Paths and objects below a path. */
  async below(path: string): Promise<[string, Growing][]> {
    return [...(await this.#all())].filter(([place]) => path === '' || place.startsWith(`${path}/`))
  }

  async append(path: string, offset: number, source: AsyncIterable<Uint8Array>): Promise<number> {
    if (offset === 0) await this.remove(path)
    const all = await this.#all()
    const growing = all.get(path) ?? { pieces: [], size: 0, modified: Date.now() }
    if (growing.size !== offset || (offset > 0 && !all.has(path)))
      throw new StackError('out-of-range', `${path} does not end at ${offset}`)
    if (offset === 0) await this.#put(path, growing, Buffer.alloc(0))
    all.set(path, growing)
    await this.#fill(path, growing, source)
    return growing.size
  }

  async *open({ pieces }: Growing, range: ByteRange): AsyncGenerator<Uint8Array> {
    let at = 0
    for (const { key, size } of [...pieces]) {
      const [from, to] = [Math.max(range.start - at, 0), Math.min(range.end - at, size - 1)]
      if (from <= to) yield* this.#bucket.open(key, { start: from, end: to })
      at += size
    }
  }

  async remove(path: string): Promise<void> {
    const all = await this.#all()
    const found = all.get(path)
    if (found === undefined) return
    await this.#bucket.delete([this.#keyOf(path, 0, 'begun'), ...found.pieces.map(({ key }) => key)])
    all.delete(path)
  }

  /** Sends what comes in pieces; what came before a failure too. One piece is held in memory at a time. */
  async #fill(path: string, growing: Growing, source: AsyncIterable<Uint8Array>): Promise<void> {
    let held: Uint8Array[] = []
    let length = 0
    let hasSlot = false
    const flush = async () => {
      if (length > 0) await this.#put(path, growing, Buffer.concat(held, length))
      held = []
      length = 0
    }
    try {
      for await (const chunk of source) {
        if (!hasSlot) await this.#slots.take()
        hasSlot = true
        held.push(chunk)
        length += chunk.byteLength
        if (length < this.#partSize) continue
        await flush()
        this.#slots.giveBack()
        hasSlot = false
      }
    } finally {
      try {
        await flush()
      } finally {
        if (hasSlot) this.#slots.giveBack()
      }
    }
  }

  async #put(path: string, growing: Growing, bytes: Buffer): Promise<void> {
    const key = this.#keyOf(path, growing.size, bytes.byteLength === 0 ? 'begun' : 'piece')
    await this.#bucket.put(key, bytes)
    growing.modified = Date.now()
    if (bytes.byteLength === 0) return
    growing.pieces.push({ key, start: 0, size: bytes.byteLength })
    growing.size += bytes.byteLength
  }

  #keyOf(path: string, offset: number, kind: 'begun' | 'piece'): string {
    return `${this.#prefix}${path}/${kind === 'begun' ? 'begun' : String(offset).padStart(16, '0')}`
  }

  #all(): Promise<Map<string, Growing>> {
    this.#loaded ??= this.#load().catch((error) => {
      this.#loaded = undefined
      throw error
    })
    return this.#loaded
  }

  async #load(): Promise<Map<string, Growing>> {
    const all = new Map<string, Growing>()
    for await (const { key, size, modified } of this.#bucket.list(this.#prefix)) {
      const end = key.lastIndexOf('/')
      const path = key.slice(this.#prefix.length, end)
      const growing = all.get(path) ?? { pieces: [], size: 0, modified }
      all.set(path, growing)
      // Keys come in their order; what does not follow on what came before was never acknowledged.
      if (key.slice(end + 1) === 'begun' || Number(key.slice(end + 1)) !== growing.size) continue
      growing.pieces.push({ key, start: 0, size })
      growing.size += size
      growing.modified = Math.max(growing.modified, modified)
    }
    return all
  }
}
