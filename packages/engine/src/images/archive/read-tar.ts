// SPDX-License-Identifier: Apache-2.0
import { Readable, type Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { StackError } from '@teu/errors'
import { Parser, type ReadEntry } from 'tar'

/** One file of an archive, while it is being read. */
export interface TarEntry {
  /** As in the archive, without a leading `./`. Never used as a path of the host. */
  path: string
  type: 'file' | 'link' | 'other'
  /** What a link points at. */
  linkPath: string
  size: number
  /** The content; what the reader leaves is skipped. */
  body: AsyncIterable<Uint8Array>
}

const magics: readonly { bytes: number[]; name: string; decoder?: () => Transform }[] = [
  { bytes: [0x1f, 0x8b], name: 'gzip', decoder: createGunzip },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], name: 'zstd', decoder: createZstdDecompress },
  { bytes: [0x42, 0x5a, 0x68], name: 'bzip2' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], name: 'xz' },
]

/** The compression that the first bytes of a stream tell; undefined for none. */
export function compressionOf(head: Uint8Array): (typeof magics)[number] | undefined {
  return magics.find(({ bytes }) => bytes.every((byte, index) => head[index] === byte))
}

/** Puts back what was read of a stream to look at it. */
async function* withHead(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (head.length > 0) yield head
    for (;;) {
      const { value, done } = await rest.next()
      if (done) return
      yield value
    }
  } finally {
    await rest.return?.()
  }
}

/** The plain bytes of a stream that is compressed or not. bzip2 and xz are `invalid-argument`. */
async function decompressed(source: AsyncIterable<Uint8Array>): Promise<{ input: Readable; decoder: Transform[] }> {
  const iterator = source[Symbol.asyncIterator]()
  const first = await iterator.next()
  const head = first.done ? new Uint8Array() : first.value
  const compression = compressionOf(head)
  if (compression && !compression.decoder) {
    throw new StackError(
      'invalid-argument',
      `archive is compressed with ${compression.name}, only gzip and zstd are read`,
    )
  }
  const input = Readable.from(withHead(head, iterator), { objectMode: false })
  return { input, decoder: compression?.decoder ? [compression.decoder()] : [] }
}

function toEntry(entry: ReadEntry): TarEntry {
  const type = entry.type === 'File' || entry.type === 'OldFile' ? 'file' : /Link$/.test(entry.type) ? 'link' : 'other'
  return {
    path: entry.path.replace(/^(\.?\/)+/, ''),
    type,
    linkPath: entry.linkpath ?? '',
    size: entry.size ?? 0,
    body: entry as unknown as AsyncIterable<Uint8Array>,
  }
}

/** A sink that hands bytes to the parser at the pace at which entries are taken. */
function parserSink(parser: Parser): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (parser.write(chunk)) done()
      else parser.once('drain', done)
    },
    final(done) {
      parser.once('end', () => done())
      parser.end()
    },
  })
}

/**
 * The entries of a tar, plain, gzip or zstd, one at a time and in order. `invalid-argument` for what is no tar, or
 * ends too early.
 */
export async function* readTar(source: AsyncIterable<Uint8Array>, signal?: AbortSignal): AsyncGenerator<TarEntry> {
  const { input, decoder } = await decompressed(source)
  const waiting: ReadEntry[] = []
  let wake = () => {}
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      waiting.push(entry)
      wake()
    },
  })
  const abort = new AbortController()
  const combined = signal ? AbortSignal.any([signal, abort.signal]) : abort.signal
  let ended = false
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  parser.on('error', (error: Error) => failed.reject(error))
  const running = Promise.race([
    pipeline([input, ...decoder, parserSink(parser)], { signal: combined }),
    failed.promise,
  ])
  const settled = running.finally(() => {
    ended = true
    wake()
  })
  settled.catch(() => {})
  try {
    while (!ended || waiting.length > 0) {
      const entry = waiting.shift()
      if (!entry) await new Promise<void>((resolve) => (wake = resolve))
      else {
        yield toEntry(entry)
        entry.resume()
      }
    }
    await settled
  } catch (error) {
    if (combined.aborted && signal?.aborted) throw error
    throw new StackError('invalid-argument', `invalid tar archive: ${(error as Error).message}`, { cause: error })
  } finally {
    abort.abort()
    await settled.catch(() => {})
  }
}
