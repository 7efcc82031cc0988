// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { uploadsPath } from '@teu/oci-spec/distribution'
import { type Descriptor, finishDigest } from '@teu/oci-spec/image'
import { pause, retryDelay, transportFailure } from './http/retry.ts'
import type { CallOptions } from './init.ts'
import type { Repository, Session } from './session.ts'
import { begin, cancel, finish, locationOf, mayGoOn, sendPart, uploadTo } from './upload.ts'

/** Options of sending what is not known yet. @public */
export interface PushStreamOptions extends CallOptions {
  /** Of the descriptor that is answered. Default `application/octet-stream`. */
  mediaType?: string
  /** Told while sending how many bytes are on their way. */
  onProgress?: (sent: number) => void
}

/**
 * Sends content whose digest and length are found out on the way, such as what a compressor puts out. A connection that
 * breaks begins the upload anew: the source is opened again.
 *
 * @internal
 */
export async function pushStream(
  session: Session,
  repository: Repository,
  open: () => AsyncIterable<Uint8Array>,
  options: PushStreamOptions,
): Promise<Descriptor> {
  const { signal } = options
  for (let attempt = 0; ; attempt++) {
    try {
      return await sendOnce(session, repository, open, options)
    } catch (error) {
      const delay = signal?.aborted || !mayGoOn(error) ? undefined : retryDelay(session.retry, attempt)
      if (delay === undefined) throw error
      await pause(delay, signal).catch((reason) => {
        throw transportFailure(`${repository.registry}/${repository.repository}`, reason, signal)
      })
    }
  }
}

async function sendOnce(
  session: Session,
  repository: Repository,
  open: () => AsyncIterable<Uint8Array>,
  { mediaType = 'application/octet-stream', onProgress, signal }: PushStreamOptions,
): Promise<Descriptor> {
  const upload = uploadTo(session, repository, signal)
  let hash = createHash('sha256')
  let size = 0
  let failure: { error: unknown } | undefined
  const observed = async function* () {
    // A request that was refused for want of a token is sent again, body and all.
    hash = createHash('sha256')
    size = 0
    try {
      for await (const chunk of open()) {
        hash.update(chunk)
        size += chunk.byteLength
        yield chunk
        onProgress?.(size)
      }
    } catch (error) {
      failure = { error }
      throw error
    }
  }
  const first = locationOf(await begin(upload, uploadsPath(repository.repository), upload.scopes))
  // Without a length the body goes out in chunks of the transfer coding, and ends when the source does.
  const location = await sendPart(upload, first, {}, observed).catch(async (error) => {
    await cancel(upload, first)
    throw failure === undefined ? error : failure.error
  })
  const digest = finishDigest('sha256', hash)
  await finish(upload, location, digest)
  return { mediaType, digest, size }
}
