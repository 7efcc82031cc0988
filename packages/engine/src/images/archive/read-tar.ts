// SPDX-License-Identifier: Apache-2.0
import { pipeline, Readable, type Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { type TarEntry as Header, TarParser } from '@teu/containerd-api/archive'
import { StackError } from '@teu/errors'

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

/** The first bytes of a stream, as many as tell its compression, however small its pieces are. */
async function readHead(iterator: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let head: Uint8Array = new Uint8Array()
  while (head.length < 5) {
    const { value, done } = await iterator.next()
    if (done) break
    head = head.length === 0 ? value : Buffer.concat([head, value])
  }
  return head
}

/** The plain bytes of a stream that is compressed or not. bzip2 and xz are `invalid-argument`. */
async function* decompressed(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]()
  const head = await readHead(iterator)
  const compression = compressionOf(head)
  const bytes = withHead(head, iterator)
  if (!compression) return yield* bytes
  if (!compression.decoder) {
    await bytes.return(undefined)
    throw new StackError('invalid-argument', `it is compressed with ${compression.name}, only gzip and zstd are read`)
  }
  const decoder = compression.decoder()
  pipeline(Readable.from(bytes, { objectMode: false }), decoder, () => {})
  yield* decoder as AsyncIterable<Uint8Array>
}

type Event = { kind: 'entry'; header: Header } | { kind: 'data'; bytes: Uint8Array } | { kind: 'end' }

/** What a parser tells, one event at a time, reading on only when there is none left. */
class Events {
  readonly #waiting: Event[] = []
  readonly #source: AsyncIterator<Uint8Array>
  readonly #parser: TarParser
  #finished = false

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
    this.#parser = new TarParser({
      entry: (header) => this.#waiting.push({ kind: 'entry', header }),
      data: (bytes) => this.#waiting.push({ kind: 'data', bytes: Buffer.from(bytes) }),
      end: () => this.#waiting.push({ kind: 'end' }),
    })
  }

  async next(): Promise<Event | undefined> {
    while (this.#waiting.length === 0 && !this.#finished) {
      const { value, done } = await this.#source.next()
      this.#finished = done ?? false
      try {
        if (done) this.#parser.finish()
        else this.#parser.push(value)
      } catch (error) {
        throw refusal(error as Error)
      }
    }
    return this.#waiting.shift()
  }

  async close(): Promise<void> {
    await this.#source.return?.()
  }
}

function toEntry(header: Header, body: AsyncIterable<Uint8Array>): TarEntry {
  const { name, type, linkName, size } = header
  const isLink = type === 'hardlink' || type === 'symlink'
  return {
    path: name.replace(/^(\.?\/)+/, ''),
    type: type === 'file' ? 'file' : isLink ? 'link' : 'other',
    linkPath: linkName,
    size,
    body,
  }
}

/** The content of one entry. What is not taken of it is skipped by `finish`. */
class Body {
  readonly #events: Events
  #ended = false

  constructor(events: Events) {
    this.#events = events
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    for (let bytes = await this.#next(); bytes; bytes = await this.#next()) yield bytes
  }

  async finish(): Promise<void> {
    while (!this.#ended) await this.#next()
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (this.#ended) return undefined
    const event = await this.#events.next()
    if (event?.kind === 'data') return event.bytes
    this.#ended = true
    return undefined
  }
}

/** A parser's refusal in the words of docker's, which says no more than what is wrong. */
function refusal(error: Error): StackError {
  const text = error.message.replace(/: invalid argument$/, '')
  const message = text.startsWith('archive/tar: ') ? text : `invalid tar archive: ${text}`
  return new StackError('invalid-argument', message, { cause: error })
}

/**
 * The entries of a tar, plain, gzip or zstd, one at a time and in order; none of an empty stream. `invalid-argument`
 * for what is no tar, or ends too early.
 */
export async function* readTar(source: AsyncIterable<Uint8Array>, signal?: AbortSignal): AsyncGenerator<TarEntry> {
  const events = new Events(decompressed(source))
  try {
    for (let event = await events.next(); event; event = await events.next()) {
      signal?.throwIfAborted()
      if (event.kind !== 'entry') continue
      const body = new Body(events)
      yield toEntry(event.header, body.bytes())
      await body.finish()
    }
  } catch (error) {
    if (signal?.aborted) throw error
    throw refusal(error as Error)
  } finally {
    await events.close()
  }
}
