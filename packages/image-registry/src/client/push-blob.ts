// SPDX-License-Identifier: Apache-2.0
import { hasCode, StackError } from '@teu/errors'
import { blobPath, mountPath, parseUploadRange, repositoryScope, uploadsPath } from '@teu/oci-spec/distribution'
import type { Descriptor, Digest } from '@teu/oci-spec/image'
import { pause, retryDelay, transportFailure } from './http/retry.ts'
import { discard, type HttpAnswer } from './http/transport.ts'
import type { CallOptions } from './init.ts'
import { hasBlob } from './pull-blob.ts'
import type { Repository, Session } from './session.ts'

/** Opens a blob's bytes from `offset` on. @public */
export type OpenBlob = (offset: number) => AsyncIterable<Uint8Array>

/** Options of sending a blob. @public */
export interface PushBlobOptions extends CallOptions {
  /** Repositories of the same registry that have the blob: asked to share it before it is sent. */
  mountFrom?: readonly string[]
  /** Told while sending how many bytes are on their way. */
  onProgress?: (sent: number) => void
}

/** How a blob got to where it was to go. @public */
export type PushBlobOutcome = { kind: 'exists' } | { kind: 'mounted'; from: string } | { kind: 'sent' }

interface Upload {
  session: Session
  repository: Repository
  descriptor: Descriptor
  scopes: readonly string[]
  open: OpenBlob
  onProgress: ((sent: number) => void) | undefined
  signal: AbortSignal | undefined
}

/**
 * Sees to it that a repository has a blob: by finding it there, by sharing it from another repository, or by sending
 * it in one streamed part. A connection that breaks is taken up where the registry says the upload stands.
 *
 * @internal
 */
export async function pushBlob(
  session: Session,
  repository: Repository,
  descriptor: Descriptor,
  open: OpenBlob,
  { mountFrom = [], onProgress, signal }: PushBlobOptions,
): Promise<PushBlobOutcome> {
  const looking = { actions: ['pull', 'push'] as ('pull' | 'push')[], ...(signal && { signal }) }
  if (await hasBlob(session, repository, descriptor.digest, looking)) return { kind: 'exists' }
  const scopes = [repositoryScope(repository.repository, ['pull', 'push'])]
  const upload: Upload = { session, repository, descriptor, scopes, open, onProgress, signal }
  let location: URL | undefined
  for (const from of mountFrom.filter((name) => name !== repository.repository)) {
    if (location !== undefined) await cancel(upload, location)
    const answer = await begin(upload, mountPath(repository.repository, descriptor.digest, from), [
      ...scopes,
      repositoryScope(from, ['pull']),
    ])
    if (answer.status === 201) return { kind: 'mounted', from }
    location = locationOf(answer)
  }
  await send(upload, location ?? locationOf(await begin(upload, uploadsPath(repository.repository), scopes)))
  return { kind: 'sent' }
}

async function begin(upload: Upload, target: string, scopes: readonly string[]): Promise<HttpAnswer> {
  const answer = await upload.session.send({
    registry: upload.repository.registry,
    method: 'POST',
    target,
    scopes,
    headers: { 'content-length': '0' },
    // An upload that was opened twice costs the registry a little and is swept by it.
    repeatable: true,
    accept: [201, 202],
    signal: upload.signal,
  })
  await discard(answer)
  return answer
}

/** The next place of an upload, which a registry may move with every answer. */
function locationOf(answer: HttpAnswer): URL {
  const url = URL.parse(answer.header('location') ?? '', answer.url.href)
  if (
    url === null ||
    (url.protocol !== 'http:' && url.protocol !== 'https:') ||
    answer.header('location') === undefined
  ) {
    throw new StackError(
      'failed-precondition',
      `${answer.url.origin}: answer about an upload without a usable location`,
    )
  }
  if (answer.url.protocol === 'https:' && url.protocol !== 'https:') {
    // Registries behind a proxy that ends TLS often do not know that they are behind one.
    if (url.hostname !== answer.url.hostname) {
      throw new StackError('failed-precondition', `${answer.url.origin}: sends uploads to plain http`)
    }
    return new URL(`${url.pathname}${url.search}`, answer.url.origin)
  }
  return url
}

async function send(upload: Upload, first: URL): Promise<void> {
  const { session, descriptor, signal } = upload
  let location = first
  let offset = 0
  for (let fruitless = 0; offset < descriptor.size; ) {
    try {
      location = await sendFrom(upload, location, offset)
      break
    } catch (error) {
      if (signal?.aborted || !mayGoOn(error)) throw error
      const delay = retryDelay(session.retry, fruitless)
      if (delay === undefined) throw error
      await pause(delay, signal).catch((reason) => {
        throw transportFailure(descriptor.digest, reason, signal)
      })
      const state = await stateOf(upload, location)
      fruitless = state.offset > offset ? 0 : fruitless + 1
      ;({ location, offset } = state)
    }
  }
  await finish(upload, location)
}

/** Out of range is what a registry says that was still storing the part which broke off. */
function mayGoOn(error: unknown): boolean {
  return (['unavailable', 'deadline-exceeded', 'out-of-range'] as const).some((code) => hasCode(error, code))
}

async function sendFrom(upload: Upload, location: URL, offset: number): Promise<URL> {
  const { session, repository, scopes, descriptor, signal } = upload
  const answer = await session.send({
    registry: repository.registry,
    method: 'PATCH',
    target: location,
    scopes,
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(descriptor.size - offset),
      ...(offset === 0 ? {} : { 'content-range': `${offset}-${descriptor.size - 1}` }),
    },
    body: () => counted(upload, offset),
    accept: [202],
    signal,
  })
  await discard(answer)
  return locationOf(answer)
}

/** What is sent must be as long as was announced, or the connection would be left in the middle of a request. */
async function* counted({ open, descriptor, onProgress }: Upload, offset: number): AsyncGenerator<Uint8Array> {
  let sent = offset
  for await (const chunk of open(offset)) {
    sent += chunk.byteLength
    if (sent > descriptor.size)
      throw new StackError('data-loss', `${descriptor.digest}: source is longer than ${descriptor.size} bytes`)
    yield chunk
    onProgress?.(sent)
  }
  if (sent < descriptor.size)
    throw new StackError('data-loss', `${descriptor.digest}: source ended after ${sent} of ${descriptor.size} bytes`)
}

async function stateOf(upload: Upload, location: URL): Promise<{ location: URL; offset: number }> {
  const { session, repository, scopes, signal } = upload
  const answer = await session.send({
    registry: repository.registry,
    method: 'GET',
    target: location,
    scopes,
    accept: [204],
    signal,
  })
  await discard(answer)
  const range = parseUploadRange(answer.header('range') ?? '0-0')
  const offset = range === undefined || range.end === 0 ? 0 : range.end + 1
  return { location: answer.header('location') === undefined ? location : locationOf(answer), offset }
}

async function finish(upload: Upload, location: URL): Promise<void> {
  const { session, repository, scopes, descriptor, signal } = upload
  const target = new URL(location)
  target.searchParams.set('digest', descriptor.digest)
  try {
    const answer = await session.send({
      registry: repository.registry,
      method: 'PUT',
      target,
      scopes,
      headers: { 'content-length': '0' },
      accept: [201, 204],
      signal,
    })
    await discard(answer)
  } catch (error) {
    // A registry that finished the upload, and whose answer was lost, does not know it at the second attempt.
    const looking = { actions: ['pull', 'push'] as ('pull' | 'push')[], ...(signal && { signal }) }
    const isThere = hasCode(error, 'not-found') && (await hasBlob(session, repository, descriptor.digest, looking))
    if (!isThere) throw error
  }
}

async function cancel({ session, repository, scopes, signal }: Upload, location: URL): Promise<void> {
  await session
    .send({
      registry: repository.registry,
      method: 'DELETE',
      target: location,
      scopes,
      accept: [204, 404, 405],
      signal,
    })
    .then(discard)
    .catch(() => {})
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
