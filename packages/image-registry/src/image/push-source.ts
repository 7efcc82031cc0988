// SPDX-License-Identifier: Apache-2.0
import type { PushSource } from '../client/push.ts'
import { openContent } from './content.ts'
import type { Content } from './image-index.ts'

/**
 * An image, an index or an artifact as the source of a registry client's `push`, to be given with the content's own
 * descriptor. A push that goes on in the middle of a blob opens it anew and passes over what is there. Any other digest than
 * those of the content is `not-found`.
 *
 * @public
 */
export function pushSource(content: Content): PushSource {
  return { open: (descriptor, { offset }) => from(openContent(content, descriptor.digest), offset) }
}

async function* from(source: AsyncIterable<Uint8Array>, offset: number): AsyncGenerator<Uint8Array, void, undefined> {
  let skip = offset
  for await (const chunk of source) {
    if (skip < chunk.byteLength) yield chunk.subarray(skip)
    skip = Math.max(0, skip - chunk.byteLength)
  }
}
