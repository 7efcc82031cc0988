// SPDX-License-Identifier: Apache-2.0
import { encodeJsonLine, type ProgressMessage } from '@teu/engine-api'
import { messageOf } from '@teu/errors'
import type { StreamReply } from '../../http/exchange.ts'

/**
 * A progress stream as a reply. It waits for the first message: what fails before that still gets a status of its
 * own, what fails later becomes the stream's last line.
 */
export async function progressReply(messages: AsyncIterable<ProgressMessage>): Promise<StreamReply> {
  const iterator = messages[Symbol.asyncIterator]()
  const first = await iterator.next()
  return streamOf(lines(first, iterator))
}

/** The progress of a load as a reply: its failures are lines of the stream, the first included, as docker's are. */
export function loadReply(messages: AsyncIterable<ProgressMessage>): StreamReply {
  return streamOf(encoded(messages))
}

function streamOf(body: AsyncIterable<string>): StreamReply {
  return {
    kind: 'stream',
    status: 200,
    contentType: 'application/json',
    body,
    onFailure: (error) => encodeJsonLine({ errorDetail: { message: messageOf(error) }, error: messageOf(error) }),
  }
}

async function* encoded(messages: AsyncIterable<ProgressMessage>): AsyncGenerator<string> {
  for await (const message of messages) yield encodeJsonLine(message)
}

async function* lines(
  first: IteratorResult<ProgressMessage>,
  iterator: AsyncIterator<ProgressMessage>,
): AsyncGenerator<string> {
  try {
    for (let item = first; !item.done; item = await iterator.next()) yield encodeJsonLine(item.value)
  } finally {
    await iterator.return?.()
  }
}
