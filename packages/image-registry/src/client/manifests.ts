// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { formatReference, manifestPath, type Reference, repositoryScope } from '@teu/oci-spec/distribution'
import {
  type Descriptor,
  type Digest,
  digestAlgorithm,
  digestOf,
  isDigest,
  manifestAccept,
  maximumManifestSize,
  type ParsedManifest,
  parseManifest,
} from '@teu/oci-spec/image'
import { discard, encodingNote, type HttpAnswer } from './http/transport.ts'
import type { CallOptions } from './init.ts'
import type { Session } from './session.ts'

/** A manifest or an index, checked against its digest. @public */
export interface FetchedManifest {
  descriptor: Descriptor
  /** The bytes that the digest is of. */
  body: Uint8Array
  parsed: ParsedManifest
}

const accept = manifestAccept.join(', ')

/** The tag or the digest to ask for. The digest goes first: a tag beside it only says where it came from. @internal */
export function referenceOf({ tag, digest }: Reference): string {
  return digest ?? tag ?? 'latest'
}

/**
 * Finds out what a reference names now. Headers are believed here, for nothing but the descriptor: what is fetched by
 * it is checked. Registries that do not answer HEAD in full are asked with GET.
 *
 * @internal
 */
export async function resolve(session: Session, reference: Reference, { signal }: CallOptions): Promise<Descriptor> {
  const answer = await session.send({
    registry: reference.registry,
    method: 'HEAD',
    target: manifestPath(reference.repository, referenceOf(reference)),
    scopes: [repositoryScope(reference.repository, ['pull'])],
    headers: { accept },
    accept: [200, 404, 405, 501],
    signal,
  })
  await discard(answer)
  const described = answer.status === 200 ? describedBy(answer, reference.digest) : undefined
  // A HEAD has no body to tell why, and some registries answer 404 to a method they do not know.
  return described ?? (await fetchManifest(session, reference, { ...(signal && { signal }) })).descriptor
}

function describedBy(answer: HttpAnswer, wanted: Digest | undefined): Descriptor | undefined {
  const digest = answer.header('docker-content-digest')
  const size = Number(answer.header('content-length') ?? Number.NaN)
  const mediaType = contentType(answer)
  if (!isDigest(digest) || mediaType === undefined || !Number.isSafeInteger(size)) return undefined
  if (wanted !== undefined && wanted !== digest) return undefined
  return { mediaType, digest, size }
}

function contentType(answer: HttpAnswer): string | undefined {
  return answer.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase() || undefined
}

/** Options of fetching a manifest. @public */
export interface FetchManifestOptions extends CallOptions {
  /** What an index or a subject says the manifest is: size and media type must come out the same. */
  expected?: Descriptor
}

/** Fetches the manifest that a reference names, hashes it, and reads it. @internal */
export async function fetchManifest(
  session: Session,
  reference: Reference,
  { expected, signal }: FetchManifestOptions,
): Promise<FetchedManifest> {
  const { answer, body } = await session.read(
    {
      registry: reference.registry,
      method: 'GET',
      target: manifestPath(reference.repository, referenceOf(reference)),
      scopes: [repositoryScope(reference.repository, ['pull'])],
      headers: { accept },
      accept: [200],
      signal,
    },
    maximumManifestSize,
  )
  const name = formatReference(reference)
  const claimed = reference.digest ?? answer.header('docker-content-digest')
  if (claimed !== undefined && !isDigest(claimed)) {
    throw new StackError(
      'data-loss',
      `${name}: registry names the manifest by ${JSON.stringify(claimed.slice(0, 160))}`,
    )
  }
  const digest = digestOf(body, claimed === undefined ? 'sha256' : digestAlgorithm(claimed))
  if (claimed !== undefined && digest !== claimed) {
    throw new StackError('data-loss', `${name}: manifest has digest ${digest}, not ${claimed}${encodingNote(answer)}`)
  }
  if (expected !== undefined && expected.size !== body.byteLength) {
    throw new StackError(
      'data-loss',
      `${name}: manifest has ${body.byteLength} bytes, not ${expected.size}${encodingNote(answer)}`,
    )
  }
  const parsed = parseManifest(body, expected?.mediaType ?? contentType(answer))
  return { descriptor: { mediaType: parsed.mediaType, digest, size: body.byteLength }, body, parsed }
}

/** Puts a manifest under the reference's tag, or its own digest; answers that, and what the registry said to it. @internal */
export async function putManifest(
  session: Session,
  reference: Reference,
  body: Uint8Array,
  { mediaType, signal }: CallOptions & { mediaType: string },
): Promise<{ digest: Digest; answer: HttpAnswer }> {
  const digest = digestOf(body, reference.digest === undefined ? 'sha256' : digestAlgorithm(reference.digest))
  if (reference.digest !== undefined && reference.digest !== digest) {
    throw new StackError('invalid-argument', `${formatReference(reference)}: manifest has digest ${digest}`)
  }
  const answer = await session.send({
    registry: reference.registry,
    method: 'PUT',
    target: manifestPath(reference.repository, reference.tag ?? digest),
    scopes: [repositoryScope(reference.repository, ['pull', 'push'])],
    headers: { 'content-type': mediaType, 'content-length': String(body.byteLength) },
    body: () => body,
    accept: [200, 201, 202],
    signal,
  })
  await discard(answer)
  return { digest, answer }
}
