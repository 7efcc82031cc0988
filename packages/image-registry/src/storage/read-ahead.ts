// SPDX-License-Identifier: Apache-2.0
import type { FileHandle } from 'node:fs/promises'
import { StackError } from '@teu/errors'
import type { ByteRange } from '@teu/oci-spec/distribution'

const chunkSize = 512 * 1024
/** One chunk is being sent, one is in the reader's hands, one is being read. */
const ring = 3
/** What all readers' buffers may take together; a reader that finds it taken makes do with small chunks. */
const sharedRoom = 64 * 1024 * 1024
const smallChunkSize = 64 * 1024

let taken = 0

/** Bytes that can be read from any position. @internal */
export interface RandomAccess {
  size(): Promise<number>
  /** Fills a buffer whole. */
  fill(buffer: Buffer, position: number): Promise<unknown>
  close(): Promise<void>
}

/**
 * Bytes, read one chunk ahead into three buffers that are used in turn: fresh memory for every chunk would cost more
 * than the reading itself. A chunk is valid until the next but one is asked for.
 *
 * Chunks have 512 KiB as long as the readers of this process have no more than 64 MiB of buffers between them, which is
 * 42 readers at a time, and 64 KiB beyond: a thousand clients that read slowly take 250 MiB, and not 1.5 GiB. Nobody
 * waits for anybody's buffers.
 *
 * @internal
 */
export async function* readAhead(open: () => Promise<RandomAccess>, range?: ByteRange): AsyncGenerator<Uint8Array> {
  const source = await open()
  let reading: Promise<Uint8Array> | undefined
  let mine = 0
  try {
    const start = range?.start ?? 0
    const end = range === undefined ? await source.size() : range.end + 1
    const wanted = ring * Math.min(chunkSize, end - start)
    const length = taken + wanted <= sharedRoom ? chunkSize : smallChunkSize
    mine = ring * Math.min(length, end - start)
    taken += mine
    const buffers: Buffer[] = []
    const read = (turn: number, position: number) => {
      const buffer = buffers[turn % ring] ?? Buffer.allocUnsafeSlow(Math.min(length, end - start))
      buffers[turn % ring] = buffer
      const chunk = buffer.subarray(0, Math.min(length, end - position))
      const filled = source.fill(chunk, position).then(() => chunk)
      filled.catch(() => {})
      return filled
    }
    let position = start
    for (let turn = 0; position < end; turn++) {
      reading ??= read(turn, position)
      const chunk = await reading
      position += chunk.byteLength
      reading = position < end ? read(turn + 1, position) : undefined
      yield chunk
    }
  } finally {
    // A read that is under way must not find its file closed, or its number given to another.
    await reading?.catch(() => {})
    taken -= mine
    await source.close()
  }
}

/** The same of a file. @internal */
export function readFileAhead(open: () => Promise<FileHandle>, range?: ByteRange): AsyncIterable<Uint8Array> {
  return readAhead(async () => {
    const file = await open()
    return {
      size: async () => (await file.stat()).size,
      fill: (buffer, position) => fill(file, buffer, position),
      close: () => file.close(),
    }
  }, range)
}

async function fill(file: FileHandle, buffer: Buffer, start: number): Promise<void> {
  let length = 0
  while (length < buffer.byteLength) {
    const { bytesRead } = await file.read(buffer, length, buffer.byteLength - length, start + length)
    if (bytesRead === 0) throw new StackError('data-loss', 'file became shorter while it was read')
    length += bytesRead
  }
}
