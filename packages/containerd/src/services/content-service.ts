// SPDX-License-Identifier: Apache-2.0
import {
  type ContainerdServices,
  type ContentInfo,
  type ContentStatus,
  contentChunkSize,
  parseFilters,
  type ReadContentRequest,
  type ReadContentResponse,
} from '@teu/containerd-api'
import { StackError } from '@teu/errors'
import { parseDigest } from '@teu/oci-spec/image'
import type { CallOptions } from '@teu/ttrpc'
import type { ContentStore, IngestStatus } from '../content/content-store.ts'
import type { EventPublisher } from '../events/exchange.ts'
import type { GcTrigger } from '../gc/scheduler.ts'
import { timestampOfMicros } from '../metadata/values.ts'
import { admitted } from './admitted.ts'
import { writeStream } from './content-write.ts'
import { contextOf } from './context.ts'

const listBatch = 100

/** What the content service stands on. */
export interface ContentServiceComponents {
  content: ContentStore
  events: EventPublisher
  gc: GcTrigger
}

/** The Content service over a store. */
export function contentService({ content, events, gc }: ContentServiceComponents): ContainerdServices['content'] {
  return {
    async info({ digest }, options) {
      return { info: content.records.get(contextOf(options).namespace, parseDigest(digest)) }
    },
    async update({ info, updateMask }, options) {
      const { namespace } = contextOf(options)
      const digest = parseDigest(info?.digest ?? '')
      const updated = await content.records.updateLabels(namespace, digest, info?.labels ?? {}, updateMask ?? [])
      gc.dirty()
      return { info: updated }
    },
    async *list({ filters }, options) {
      const { namespace, signal } = contextOf(options)
      const filter = parseFilters(filters)
      const found = await admitted(content.records.list(namespace, filter), filter, fieldsOf, signal)
      for (let at = 0; at < found.length; at += listBatch) yield { info: found.slice(at, at + listBatch) }
    },
    async delete({ digest }, options) {
      const { namespace } = contextOf(options)
      await content.records.delete(namespace, parseDigest(digest))
      gc.deleted()
      events.publish(namespace, '/content/delete', 'ContentDelete', { digest })
      return {}
    },
    read({ digest, offset, size }, options) {
      return readStream(content, { digest, offset, size }, options)
    },
    async status({ ref }, options) {
      const { namespace } = contextOf(options)
      const record = content.ingests.find(namespace, ref)
      if (record === undefined) throw new StackError('not-found', `ingest ref ${JSON.stringify(ref)}: not found`)
      return { status: statusOf(await content.ingestStatus(record)) }
    },
    async listStatuses({ filters }, options) {
      const { namespace, signal } = contextOf(options)
      const filter = parseFilters(filters)
      const found = await admitted([content.ingests.list(namespace)], filter, ({ ref }) => ({ ref }), signal)
      const statuses = await Promise.all(found.map((record) => content.ingestStatus(record)))
      return { statuses: statuses.map(statusOf) }
    },
    async *write(requests, options) {
      yield* writeStream(content, requests, contextOf(options))
    },
    async abort({ ref }, options) {
      await content.abort(contextOf(options).namespace, ref)
      return {}
    },
  }
}

async function* readStream(
  content: ContentStore,
  { digest, offset, size }: ReadContentRequest,
  options: CallOptions | undefined,
): AsyncGenerator<ReadContentResponse, void, undefined> {
  const { namespace, signal } = contextOf(options)
  const { file, size: total } = await content.openBlob(namespace, parseDigest(digest))
  await using _file = file
  const start = offset < 0n ? 0 : Number(offset)
  if (start > total) throw new StackError('out-of-range', `read past object length ${total} bytes: out of range`)
  const end = size > 0n ? Math.min(total, start + Number(size)) : total
  for (let at = start; at < end; ) {
    signal?.throwIfAborted()
    const wanted = Math.min(contentChunkSize, end - at)
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, at)
    if (bytesRead === 0) throw new StackError('data-loss', `content ${digest} ends at ${at}, not at ${total}`)
    yield { offset: BigInt(at - start), data: buffer.subarray(0, bytesRead) }
    at += bytesRead
  }
}

function fieldsOf({ digest, size, labels }: ContentInfo) {
  return { digest, size: size.toString(), labels }
}

function statusOf({ ref, offset, total, expected, startedAt, updatedAt }: IngestStatus): ContentStatus {
  return {
    ref,
    offset: BigInt(offset),
    total: BigInt(total),
    expected,
    startedAt: timestampOfMicros(startedAt),
    updatedAt: timestampOfMicros(updatedAt),
  }
}
