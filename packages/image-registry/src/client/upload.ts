// SPDX-License-Identifier: Apache-2.0
import { hasCode, StackError } from '@teu/errors'
import { parseUploadRange, repositoryScope } from '@teu/oci-spec/distribution'
import type { Digest } from '@teu/oci-spec/image'
import { discard, type HttpAnswer } from './http/transport.ts'
import { hasBlob } from './pull-blob.ts'
import type { Repository, Session } from './session.ts'

/** What all requests of an upload have in common. @internal */
export interface Upload {
  session: Session
  repository: Repository
  /** What is needed to push there. */
  scopes: readonly string[]
  signal: AbortSignal | undefined
}

/** An upload to a repository that has not been opened. @internal */
export function uploadTo(session: Session, repository: Repository, signal: AbortSignal | undefined): Upload {
  return { session, repository, scopes: [repositoryScope(repository.repository, ['pull', 'push'])], signal }
}

/** Opens an upload, or asks for a blob of another repository. @internal */
export async function begin(upload: Upload, target: string, scopes: readonly string[]): Promise<HttpAnswer> {
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

/** The next place of an upload, which a registry may move with every answer. @internal */
export function locationOf(answer: HttpAnswer): URL {
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

/** Sends a part of an upload; answers its next place. @internal */
export async function sendPart(
  { session, repository, scopes, signal }: Upload,
  location: URL,
  headers: Record<string, string>,
  body: () => AsyncIterable<Uint8Array>,
): Promise<URL> {
  const answer = await session.send({
    registry: repository.registry,
    method: 'PATCH',
    target: location,
    scopes,
    headers: { 'content-type': 'application/octet-stream', ...headers },
    body,
    accept: [202],
    signal,
  })
  await discard(answer)
  return locationOf(answer)
}

/** Asks where an upload stands. @internal */
export async function stateOf(upload: Upload, location: URL): Promise<{ location: URL; offset: number }> {
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

/** Completes an upload under a digest. @internal */
export async function finish(upload: Upload, location: URL, digest: Digest): Promise<void> {
  const { session, repository, scopes, signal } = upload
  const target = new URL(location)
  target.searchParams.set('digest', digest)
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
    const isThere = hasCode(error, 'not-found') && (await hasBlob(session, repository, digest, looking))
    if (!isThere) throw error
  }
}

/** Gives an upload up; a registry that does not know how sweeps it some day. @internal */
export async function cancel({ session, repository, scopes, signal }: Upload, location: URL): Promise<void> {
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

/** Whether what broke an upload may leave it in a state to go on from. Out of range is what a registry says that was still storing the part which broke off. @internal */
export function mayGoOn(error: unknown): boolean {
  return (['unavailable', 'deadline-exceeded', 'out-of-range'] as const).some((code) => hasCode(error, code))
}
