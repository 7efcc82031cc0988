// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { CallOptions } from '@teu/ttrpc'
import type { ContainerdServices } from '../services.ts'

/**
 * The bytes of a blob, in order, in chunks of 1 MiB at most and no faster than they are taken.
 *
 * @param content - the content service
 * @param digest - of a blob in the store
 * @param options - the namespace in its metadata; a signal
 * @throws `not-found` when there is no such blob
 * @public
 */
export async function* readBlob(
  content: ContainerdServices['content'],
  digest: string,
  options: CallOptions,
  range: { offset?: bigint; size?: bigint } = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const request = { digest, offset: range.offset ?? 0n, size: range.size ?? 0n }
  for await (const { data } of content.read(request, options)) if (data.length > 0) yield data
}

/**
 * A whole blob in memory: for manifests and configurations, never for layers.
 *
 * @param limit - the most bytes it may have. @defaultValue 4 MiB
 * @throws `not-found` when there is no such blob, `resource-exhausted` when it is larger than the limit
 * @public
 */
export async function readSmallBlob(
  content: ContainerdServices['content'],
  digest: string,
  options: CallOptions,
  limit: number = 4 * 1024 * 1024,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of readBlob(content, digest, options)) {
    size += chunk.length
    if (size > limit) throw new StackError('resource-exhausted', `content ${digest} is larger than ${limit} bytes`)
    chunks.push(chunk)
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}
