// SPDX-License-Identifier: Apache-2.0
import type { PushSource } from '../client/push.ts'
import { type Image, openContent } from './image.ts'

/** An image as the source of a registry client's `push`. @public */
export function pushSource(image: Image): PushSource {
  return { open: (descriptor, { offset }) => from(openContent(image, descriptor.digest), offset) }
}

async function* from(source: AsyncIterable<Uint8Array>, offset: number): AsyncGenerator<Uint8Array> {
  let skip = offset
  for await (const chunk of source) {
    if (skip < chunk.byteLength) yield chunk.subarray(skip)
    skip = Math.max(0, skip - chunk.byteLength)
  }
}
