// SPDX-License-Identifier: Apache-2.0
import { isAlreadyExists, StackError } from '@teu/errors'
import type { CallOptions } from '@teu/ttrpc'
import {
  WriteAction,
  WriteContentRequest,
  type WriteContentResponse,
} from '../gen/containerd/services/content/v1/content.ts'
import { contentChunkSize } from '../limits.ts'
import type { ContainerdServices } from '../services.ts'

/** Which blob is written, and through which ingest. @public */
export interface WriteBlobInit {
  /** Names the ingest. The same name resumes what an earlier call left behind; one writer at a time. */
  ref: string
  /** The digest that the blob must have; empty or absent when it is not known. */
  expected?: string | undefined
  /** The size that the blob must have, in bytes; absent when it is not known. */
  size?: bigint | undefined
  /** Labels for the blob. */
  labels?: Readonly<Record<string, string>> | undefined
}

/** What came of a write. @public */
export interface WriteBlobResult {
  /** The digest of the blob. */
  digest: string
  /** Whether the store had the blob before: then nothing was read from the source. */
  existed: boolean
}

/**
 * A source of a blob's bytes: all of them, or a function that starts at an offset. Only the function can resume an
 * ingest where it stopped; otherwise what is there already is written again.
 *
 * @public
 */
export type BlobSource = AsyncIterable<Uint8Array> | ((offset: bigint) => AsyncIterable<Uint8Array>)

/**
 * Writes a blob and commits it. The store hashes what arrives; when it answers, the blob is durable. A failure
 * leaves the ingest behind, to be resumed by a later call with the same `ref` or dropped by `content.abort`.
 *
 * @throws `failed-precondition` when size or digest differ from what was announced, `unavailable` when another
 * writer holds the ref, `invalid-argument` when the source ends before the announced size or `expected` is malformed
 * @public
 */
export async function writeBlob(
  content: ContainerdServices['content'],
  init: WriteBlobInit,
  source: BlobSource,
  options: CallOptions,
): Promise<WriteBlobResult> {
  const requests = new RequestQueue()
  const responses = content.write(requests, options)[Symbol.asyncIterator]()
  const ask = async (request: Partial<WriteContentRequest>): Promise<WriteContentResponse> => {
    requests.push(WriteContentRequest.fromPartial(request))
    const next = await responses.next()
    if (next.done) throw new StackError('unavailable', `write ${init.ref}: the store ended the stream`)
    return next.value
  }
  const announced = { ref: init.ref, expected: init.expected ?? '', total: init.size ?? 0n }
  try {
    const state = await ask({ ...announced, action: WriteAction.STAT })
    const offset = await append(ask, state.offset, source, announced)
    const last = await ask({ ...announced, action: WriteAction.COMMIT, offset, labels: { ...init.labels } })
    return { digest: last.digest, existed: false }
  } catch (error) {
    if (isAlreadyExists(error) && announced.expected !== '') return { digest: announced.expected, existed: true }
    throw error
  } finally {
    requests.end()
    await responses.return?.()
  }
}

type Ask = (request: Partial<WriteContentRequest>) => Promise<WriteContentResponse>

async function append(ask: Ask, start: bigint, source: BlobSource, announced: { ref: string; total: bigint }) {
  const resumes = typeof source === 'function'
  // Data at offset 0 truncates the ingest, which is how a source that cannot skip starts again.
  let offset = resumes ? start : 0n
  const write = async (data: Uint8Array) => {
    const answer = await ask({ action: WriteAction.WRITE, offset, data })
    offset += BigInt(data.length)
    if (answer.offset !== offset)
      throw new StackError('unavailable', `write ${announced.ref}: the store is at ${answer.offset}, not at ${offset}`)
  }
  for await (const bytes of chunked(resumes ? source(start) : source)) await write(bytes)
  // Nothing came, but an earlier attempt left bytes: only an empty blob can be meant.
  if (!resumes && offset === 0n && start > 0n)
    throw new StackError('invalid-argument', `write ${announced.ref}: the source is empty, the ingest is not`)
  return offset
}

/** Small pieces joined and large ones split, so that a message carries up to 1 MiB. */
async function* chunked(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pending: Uint8Array[] = []
  let size = 0
  for await (const piece of source) {
    for (let at = 0; at < piece.length; at += contentChunkSize) {
      const part = piece.subarray(at, at + contentChunkSize)
      if (size + part.length > contentChunkSize) {
        yield join(pending)
        pending = []
        size = 0
      }
      pending.push(part)
      size += part.length
    }
  }
  if (size > 0) yield join(pending)
}

function join(parts: Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}

/** The request side of the stream: one request is on its way at a time, because each is answered. */
class RequestQueue implements AsyncIterable<WriteContentRequest> {
  readonly #requests: WriteContentRequest[] = []
  #ended = false
  #wake: (() => void) | undefined

  push(request: WriteContentRequest): void {
    this.#requests.push(request)
    this.#wake?.()
  }

  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WriteContentRequest> {
    for (;;) {
      const next = this.#requests.shift()
      if (next !== undefined) yield next
      else if (this.#ended) return
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
    }
  }
}
