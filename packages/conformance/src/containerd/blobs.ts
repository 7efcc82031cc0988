// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { WriteAction, type WriteContentRequest, type WriteContentResponse } from '@teu/containerd-api'
import type { Draft } from '../harness/draft.ts'
import { collect } from './refused.ts'
import type { Wire, WireStream } from './wire.ts'

export function digestOf(content: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

/** A write of content, message by message. */
export class Upload {
  readonly #stream: WireStream<WriteContentResponse, Draft<WriteContentRequest>>
  readonly #replies: AsyncIterator<WriteContentResponse>

  constructor(calls: Wire) {
    this.#stream = calls.content.write()
    this.#replies = this.#stream[Symbol.asyncIterator]()
  }

  /** Sends one message; the reply to it. */
  async send(request: Draft<WriteContentRequest>): Promise<WriteContentResponse> {
    this.#stream.write(request)
    const { value, done } = await this.#replies.next()
    assert.ok(!done, 'the stream ended without a reply')
    return value
  }

  stat(request: Draft<WriteContentRequest>): Promise<WriteContentResponse> {
    return this.send({ action: WriteAction.STAT, ...request })
  }

  write(data: string | Uint8Array, request: Draft<WriteContentRequest> = {}): Promise<WriteContentResponse> {
    return this.send({ action: WriteAction.WRITE, data: Buffer.from(data), ...request })
  }

  commit(request: Draft<WriteContentRequest> = {}): Promise<WriteContentResponse> {
    return this.send({ action: WriteAction.COMMIT, ...request })
  }

  /** Leaves; what was written and not committed stays. The daemon learns of it a moment later. */
  close(): void {
    this.#stream.cancel()
  }
}

/** Writes a blob; its digest. One that is there already stays as it is. */
export async function addBlob(
  calls: Wire,
  content: string | Uint8Array,
  labels: Record<string, string> = {},
): Promise<string> {
  const data = Buffer.from(content)
  const digest = digestOf(data)
  const upload = new Upload(calls)
  try {
    await upload.stat({ ref: `add-${digest}`, total: BigInt(data.length), expected: digest })
    for (let at = 0; at < data.length; at += 1 << 20)
      await upload.write(data.subarray(at, at + (1 << 20)), { offset: BigInt(at) })
    await upload.commit({ offset: BigInt(data.length), total: BigInt(data.length), expected: digest, labels })
  } catch (error) {
    if ((error as { code?: number }).code !== 6) throw error
  } finally {
    upload.close()
  }
  return digest
}

/** Reads a blob, or a part of it. */
export async function readBlob(
  calls: Wire,
  request: { digest: string; offset?: bigint; size?: bigint },
): Promise<Buffer> {
  const parts = await collect(calls.content.read(request))
  return Buffer.concat(parts.map(({ data }) => data))
}

/** The digests of the blobs that a namespace has. */
export async function blobsOf(calls: Wire, filters: string[] = []): Promise<string[]> {
  const lists = await collect(calls.content.list({ filters }))
  return lists.flatMap(({ info }) => info.map(({ digest }) => digest)).sort()
}
