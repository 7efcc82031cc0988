// SPDX-License-Identifier: Apache-2.0
import { WriteAction, type WriteContentRequest, type WriteContentResponse } from '@teu/containerd-api'
import { StackError } from '@teu/errors'
import { parseDigest } from '@teu/oci-spec/image'
import type { ContentStore } from '../content/content-store.ts'
import type { ContentWriter } from '../content/content-writer.ts'
import { timestampOfMicros } from '../metadata/values.ts'
import type { CallContext } from './context.ts'

/**
 * One write stream: every request is answered by one response, in order. The first names the ref; the stream holds
 * its lock until it ends, whichever way.
 */
export async function* writeStream(
  store: ContentStore,
  requests: AsyncIterable<WriteContentRequest>,
  context: CallContext,
): AsyncGenerator<WriteContentResponse, void, undefined> {
  const { namespace, lease, signal } = context
  let writer: ContentWriter | undefined
  let ref = ''
  try {
    for await (const request of requests) {
      const total = checkedSize(request.total, 'total')
      if (request.expected !== '') parseDigest(request.expected)
      if (writer === undefined) {
        ref = request.ref
        if (ref === '')
          throw new StackError('invalid-argument', 'first message must have a reference: invalid argument')
        writer = await store.openWriter({ namespace, ref, expected: request.expected, total, lease, signal })
      } else {
        if (request.ref !== '' && request.ref !== ref)
          throw new StackError('invalid-argument', `stream is for ref ${ref}, not ${request.ref}: invalid argument`)
        await writer.announce(request.expected, total)
      }
      yield await perform(writer, request)
      if (request.action === WriteAction.COMMIT) return
    }
  } finally {
    await writer?.[Symbol.asyncDispose]()
  }
}

async function perform(writer: ContentWriter, request: WriteContentRequest): Promise<WriteContentResponse> {
  switch (request.action) {
    case WriteAction.STAT:
      return responseOf(writer, WriteAction.STAT)
    case WriteAction.WRITE:
    case WriteAction.COMMIT: {
      // An empty write says how far the ingest is, whatever its offset.
      if (request.data.length > 0) await writer.write(checkedSize(request.offset, 'offset'), request.data)
      if (request.action === WriteAction.WRITE) return responseOf(writer, WriteAction.WRITE)
      const digest = await writer.commit(request.labels)
      return { ...responseOf(writer, WriteAction.COMMIT), digest }
    }
    default:
      throw new StackError('invalid-argument', `unknown write action ${request.action}: invalid argument`)
  }
}

function responseOf(writer: ContentWriter, action: WriteAction): WriteContentResponse {
  const { startedAt, updatedAt, offset, total, digest } = writer.status()
  return {
    action,
    startedAt: timestampOfMicros(startedAt),
    updatedAt: timestampOfMicros(updatedAt),
    offset: BigInt(offset),
    total: BigInt(total),
    digest,
  }
}

/** A size or offset as a number. Negative ones mean "not known". */
function checkedSize(value: bigint, what: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new StackError('invalid-argument', `${what} ${value} is too large: invalid argument`)
  return value < 0n ? 0 : Number(value)
}
