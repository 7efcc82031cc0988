// SPDX-License-Identifier: Apache-2.0
import { hasCode, StackError } from '@teu/errors'
import { manifestPath, type Reference, referrersPath, referrersTag, repositoryScope } from '@teu/oci-spec/distribution'
import {
  type Descriptor,
  type Digest,
  type Index,
  maximumManifestSize,
  mediaTypes,
  type ParsedManifest,
  parseManifest,
} from '@teu/oci-spec/image'
import { discard, type HttpAnswer } from './http/transport.ts'
import type { CallOptions } from './init.ts'
import { maximumPages, nextPage } from './listings.ts'
import { fetchManifest, putManifest, referenceOf } from './manifests.ts'
import type { Repository, Session } from './session.ts'

/** Referrers of one manifest. */
const maximumReferrers = 100_000

/** Options of listing referrers. @public */
export interface ListReferrersOptions extends CallOptions {
  /** Only those of this type. */
  artifactType?: string
}

/**
 * The manifests that are about another one: signatures, attestations. Registries without the API for it are asked for
 * the index that clients keep under a tag instead. Throws `resource-exhausted` for a list without end.
 *
 * @internal
 */
export async function listReferrers(
  session: Session,
  at: Repository,
  digest: Digest,
  { artifactType, signal }: ListReferrersOptions,
): Promise<Descriptor[]> {
  const scopes = [repositoryScope(at.repository, ['pull'])]
  const query = artifactType === undefined ? '' : `?${new URLSearchParams({ artifactType })}`
  const found: Descriptor[] = []
  let target: string | URL | undefined = `${referrersPath(at.repository, digest)}${query}`
  for (let count = 0; target !== undefined; count++) {
    if (count >= maximumPages || found.length > maximumReferrers)
      throw new StackError('resource-exhausted', `${at.registry}/${at.repository}@${digest}: referrers without end`)
    const page: { answer: HttpAnswer; body: Uint8Array } = await session.read(
      { registry: at.registry, method: 'GET', target, scopes, accept: [200, 404], signal },
      maximumManifestSize,
    )
    if (page.answer.status === 404) {
      found.push(...(await fallback(session, at, digest, signal)))
      break
    }
    const parsed = parseManifest(page.body)
    if (parsed.kind === 'index') found.push(...parsed.index.manifests)
    target = nextPage(page.answer)
  }
  return artifactType === undefined ? found : found.filter((entry) => entry.artifactType === artifactType)
}

/** The index that stands in for the API. */
async function fallback(
  session: Session,
  { registry, repository }: Repository,
  digest: Digest,
  signal: AbortSignal | undefined,
): Promise<Descriptor[]> {
  try {
    const reference = { registry, repository, tag: referrersTag(digest) }
    const { parsed } = await fetchManifest(session, reference, { ...(signal && { signal }) })
    return parsed.kind === 'index' ? parsed.index.manifests : []
  } catch (error) {
    if (hasCode(error, 'not-found')) return []
    throw error
  }
}

/**
 * Stores a manifest. When it is about another one and the registry does not say that it took note, it is entered into
 * the index that stands in for the API: two clients that do so at the same moment may lose one of the entries.
 *
 * @internal
 */
export async function pushManifest(
  session: Session,
  reference: Reference,
  body: Uint8Array,
  options: CallOptions & { mediaType: string },
): Promise<Digest> {
  const { digest, answer } = await putManifest(session, reference, body, options)
  const about = referrerOf(body, digest, options.mediaType)
  if (about !== undefined && answer.header('oci-subject') === undefined)
    await changeFallback(session, reference, about.subject, options.signal, (entries) =>
      entries.some((entry) => entry.digest === digest) ? entries : [...entries, about.descriptor],
    )
  return digest
}

/** Removes a tag, or with a digest a manifest and all its tags; the latter from what stands in for the API too. @internal */
export async function deleteManifest(session: Session, reference: Reference, { signal }: CallOptions): Promise<void> {
  const about = await subjectOf(session, reference, signal)
  const answer = await session.send({
    registry: reference.registry,
    method: 'DELETE',
    target: manifestPath(reference.repository, referenceOf(reference)),
    scopes: [repositoryScope(reference.repository, ['pull', 'delete'])],
    accept: [200, 202, 204],
    signal,
  })
  await discard(answer)
  if (about === undefined || (await hasApi(session, reference, about.subject, signal))) return
  await changeFallback(session, reference, about.subject, signal, (entries) =>
    entries.filter(({ digest }) => digest !== reference.digest),
  )
}

/** What a manifest that is to go is about. One that cannot be read is about nothing, as far as can be told. */
async function subjectOf(session: Session, { registry, repository, digest }: Reference, signal?: AbortSignal) {
  if (digest === undefined) return undefined
  try {
    const { body, descriptor } = await fetchManifest(
      session,
      { registry, repository, digest },
      { ...(signal && { signal }) },
    )
    return referrerOf(body, digest, descriptor.mediaType)
  } catch (error) {
    if (hasCode(error, 'invalid-argument') || hasCode(error, 'not-found')) return undefined
    throw error
  }
}

/** A manifest with a subject as an entry of the list of what is about that. */
function referrerOf(
  body: Uint8Array,
  digest: Digest,
  mediaType: string,
): { subject: Digest; descriptor: Descriptor } | undefined {
  const parsed = readable(body, mediaType)
  const value = parsed?.kind === 'index' ? parsed.index : parsed?.manifest
  if (parsed === undefined || value?.subject === undefined) return undefined
  const artifactType = value.artifactType || (parsed.kind === 'manifest' ? parsed.manifest.config.mediaType : undefined)
  const { annotations } = value
  const descriptor: Descriptor = {
    ...{ mediaType: parsed.mediaType, digest, size: body.byteLength },
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  }
  return { subject: value.subject.digest, descriptor }
}

/** What kinds of manifests there are is for the registry to decide; one that cannot be read here has no subject. */
function readable(body: Uint8Array, mediaType: string): ParsedManifest | undefined {
  try {
    return parseManifest(body, mediaType)
  } catch {
    return undefined
  }
}

async function hasApi(session: Session, at: Repository, digest: Digest, signal?: AbortSignal): Promise<boolean> {
  const answer = await session.send({
    registry: at.registry,
    method: 'GET',
    target: referrersPath(at.repository, digest),
    scopes: [repositoryScope(at.repository, ['pull'])],
    accept: [200, 404],
    signal,
  })
  await discard(answer)
  return answer.status === 200
}

async function changeFallback(
  session: Session,
  at: Repository,
  subject: Digest,
  signal: AbortSignal | undefined,
  change: (entries: Descriptor[]) => Descriptor[],
): Promise<void> {
  const before = await fallback(session, at, subject, signal)
  const manifests = change(before)
  if (manifests.length === before.length) return
  const index: Index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }
  const { registry, repository } = at
  await putManifest(session, { registry, repository, tag: referrersTag(subject) }, Buffer.from(JSON.stringify(index)), {
    mediaType: mediaTypes.ociIndex,
    ...(signal && { signal }),
  })
}
