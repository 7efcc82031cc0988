// SPDX-License-Identifier: Apache-2.0
import { hasCode, StackError } from '@teu/errors'
import { blobPath, mountPath, repositoryScope, uploadsPath } from '@teu/oci-spec/distribution'
import type { Descriptor, Digest } from '@teu/oci-spec/image'
import { pause, retryDelay, transportFailure } from './http/retry.ts'
import { discard, type HttpAnswer } from './http/transport.ts'
import type { CallOptions } from './init.ts'
import { PartSource } from './part-source.ts'
import { hasBlob } from './pull-blob.ts'
import type { Repository, Session } from './session.ts'
import { begin, cancel, finish, locationOf, mayGoOn, sendPart, stateOf, type Upload, uploadTo } from './upload.ts'

/** Opens a blob's bytes from `offset` on. What it fails with ends the push. @public */
export type OpenBlob = (offset: number) => AsyncIterable<Uint8Array>

/** Options of sending a blob. @public */
export interface PushBlobOptions extends CallOptions {
  /** Repositories of the same registry that have the blob: asked to share it before it is sent. */
  mountFrom?: readonly string[]
  /**
   * Bytes of one request: a larger blob is sent in several, for proxies that limit the size of a body. What the registry
   * asks for at least is kept to. Default: one request for all.
   */
  chunkSize?: number
  /** Told while sending how many bytes are on their way. What it throws ends the push. */
  onProgress?: (sent: number) => void
}

/** How a blob got to where it was to go. @public */
export type PushBlobOutcome = { kind: 'exists' } | { kind: 'mounted'; from: string } | { kind: 'sent' }

interface Sending {
  upload: Upload
  descriptor: Descriptor
  source: PartSource
  chunkSize: number
}

/**
 * Sees to it that a repository has a blob: by finding it there, by sharing it from another repository, or by sending
 * it. A connection that breaks is taken up where the registry says the upload stands, from the start when it has lost it.
 * An upload that cannot come to its end is given up.
 *
 * @internal
 */
export async function pushBlob(
  session: Session,
  repository: Repository,
  descriptor: Descriptor,
  open: OpenBlob,
  { mountFrom = [], chunkSize = Number.MAX_SAFE_INTEGER, onProgress, signal }: PushBlobOptions,
): Promise<PushBlobOutcome> {
  if (!(chunkSize >= 1)) throw new StackError('invalid-argument', `chunk size ${chunkSize} is not positive`)
  const looking = { actions: ['pull', 'push'] as ('pull' | 'push')[], ...(signal && { signal }) }
  if (await hasBlob(session, repository, descriptor.digest, looking)) return { kind: 'exists' }
  const upload = uploadTo(session, repository, signal)
  let location: URL | undefined
  let least = 0
  for (const from of mountFrom.filter((name) => name !== repository.repository)) {
    if (location !== undefined) await cancel(upload, location)
    const answer = await begin(upload, mountPath(repository.repository, descriptor.digest, from), [
      ...upload.scopes,
      repositoryScope(from, ['pull']),
    ])
    if (answer.status === 201) return { kind: 'mounted', from }
    ;({ location, least } = openedBy(answer))
  }
  if (location === undefined) ({ location, least } = await openUpload(upload))
  const source = new PartSource(descriptor, open, onProgress)
  try {
    await send({ upload, descriptor, source, chunkSize: Math.max(Math.floor(chunkSize), least) }, location)
  } finally {
    source.close()
  }
  return { kind: 'sent' }
}

/** An upload that was opened: where it is, and how long a part must at least be. */
function openedBy(answer: HttpAnswer): { location: URL; least: number } {
  return { location: locationOf(answer), least: Number(answer.header('oci-chunk-min-length') ?? 0) || 0 }
}

async function openUpload(upload: Upload): Promise<{ location: URL; least: number }> {
  return openedBy(await begin(upload, uploadsPath(upload.repository.repository), upload.scopes))
}

async function send(sending: Sending, first: URL): Promise<void> {
  const { upload, descriptor } = sending
  const { session, signal } = upload
  let location = first
  let offset = 0
  for (let fruitless = 0; offset < descriptor.size; ) {
    const end = Math.min(descriptor.size, offset + sending.chunkSize)
    try {
      location = await sendTo(sending, location, offset, end)
      offset = end
      fruitless = 0
    } catch (error) {
      if (signal?.aborted) throw error
      if (sending.source.failure !== undefined || !mayGoOn(error)) {
        await cancel(upload, location)
        throw sending.source.failure === undefined ? error : sending.source.failure.error
      }
      const delay = retryDelay(session.retry, fruitless)
      if (delay === undefined) throw error
      await pause(delay, signal).catch((reason) => {
        const { registry, repository } = upload.repository
        throw transportFailure(`${registry}/${repository}@${descriptor.digest}`, reason, signal)
      })
      const state = await standing(upload, location)
      fruitless = state.offset > offset ? 0 : fruitless + 1
      ;({ location, offset } = state)
    }
  }
  await finish(upload, location, descriptor.digest)
}

/** Where an upload stands. One that the registry does not know any more begins anew. */
async function standing(upload: Upload, location: URL): Promise<{ location: URL; offset: number }> {
  try {
    return await stateOf(upload, location)
  } catch (error) {
    if (!hasCode(error, 'not-found')) throw error
    return { location: (await openUpload(upload)).location, offset: 0 }
  }
}

function sendTo({ upload, descriptor, source }: Sending, location: URL, offset: number, end: number): Promise<URL> {
  const whole = offset === 0 && end === descriptor.size
  const headers = {
    'content-length': String(end - offset),
    ...(whole ? {} : { 'content-range': `${offset}-${end - 1}` }),
  }
  return sendPart(upload, location, headers, () => source.part(offset, end))
}

/** Removes a blob from a repository. @internal */
export async function deleteBlob(
  session: Session,
  repository: Repository,
  digest: Digest,
  { signal }: CallOptions,
): Promise<void> {
  const answer = await session.send({
    registry: repository.registry,
    method: 'DELETE',
    target: blobPath(repository.repository, digest),
    scopes: [repositoryScope(repository.repository, ['pull', 'delete'])],
    accept: [200, 202, 204],
    signal,
  })
  await discard(answer)
}
