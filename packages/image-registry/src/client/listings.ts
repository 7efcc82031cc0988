// SPDX-License-Identifier: Apache-2.0
import { hasCode, StackError } from '@teu/errors'
import {
  basePath,
  catalogPath,
  manifestPath,
  parseNextLink,
  type Reference,
  referrersPath,
  referrersTag,
  repositoryScope,
  tagsPath,
} from '@teu/oci-spec/distribution'
import { type Descriptor, type Digest, maximumManifestSize, parseManifest } from '@teu/oci-spec/image'
import { redact } from './http/answer.ts'
import { discard, type HttpAnswer, readBody } from './http/transport.ts'
import type { CallOptions } from './init.ts'
import { fetchManifest, referenceOf } from './manifests.ts'
import type { Repository, Session } from './session.ts'

/** One page of names may be this long, in bytes. */
const maximumPage = 16 * 1024 * 1024
/** Pages of one listing. */
const maximumPages = 10_000

/** Asks whether a registry is there and lets the caller in. @internal */
export async function ping(session: Session, registry: string, { signal }: CallOptions): Promise<void> {
  await discard(await session.send({ registry, method: 'GET', target: basePath, scopes: [], accept: [200], signal }))
}

/** The tags of a repository, in the registry's order. @internal */
export function listTags(session: Session, at: Repository, options: CallOptions): AsyncGenerator<string> {
  return names(
    session,
    at.registry,
    tagsPath(at.repository),
    [repositoryScope(at.repository, ['pull'])],
    'tags',
    options,
  )
}

/** The repositories of a registry. @internal */
export function listRepositories(session: Session, registry: string, options: CallOptions): AsyncGenerator<string> {
  return names(session, registry, catalogPath, ['registry:catalog:*'], 'repositories', options)
}

async function* names(
  session: Session,
  registry: string,
  path: string,
  scopes: string[],
  key: string,
  { signal }: CallOptions,
): AsyncGenerator<string> {
  let target: string | URL | undefined = path
  for (let page = 0; target !== undefined; page++) {
    if (page >= maximumPages)
      throw new StackError('resource-exhausted', `${registry}${path}: more than ${maximumPages} pages`)
    const answer: HttpAnswer = await session.send({ registry, method: 'GET', target, scopes, accept: [200], signal })
    const list = await readJson(answer, maximumPage)
    for (const name of Array.isArray(list[key]) ? list[key] : []) {
      if (typeof name === 'string') yield name
    }
    target = nextPage(answer)
  }
}

/** The next page, which must lie at the same host: anything else would take the caller's token elsewhere. */
function nextPage(answer: HttpAnswer): URL | undefined {
  const link = parseNextLink(answer.header('link') ?? '')
  if (link === undefined) return undefined
  const url = URL.parse(link, answer.url.href)
  return url?.host === answer.url.host ? new URL(`${url.pathname}${url.search}`, answer.url) : undefined
}

async function readJson(answer: HttpAnswer, limit: number): Promise<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(await readBody(answer, limit)).toString('utf8'))
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch (error) {
    if (error instanceof StackError) throw error
  }
  throw new StackError('data-loss', `${redact(answer.url)}: answer is no JSON object`)
}

/** Options of listing referrers. @public */
export interface ListReferrersOptions extends CallOptions {
  /** Only those of this type. */
  artifactType?: string
}

/**
 * The manifests that are about another one: signatures, attestations. Registries without the API for it are asked for
 * the index that clients keep under a tag instead.
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
  for (let page = 0; target !== undefined && page < maximumPages; page++) {
    const answer: HttpAnswer = await session.send({
      registry: at.registry,
      method: 'GET',
      target,
      scopes,
      accept: [200, 404],
      signal,
    })
    if (answer.status === 404) {
      await discard(answer)
      found.push(...(await fallback(session, at, digest, signal)))
      break
    }
    const parsed = parseManifest(await readBody(answer, maximumManifestSize))
    if (parsed.kind === 'index') found.push(...parsed.index.manifests)
    target = nextPage(answer)
  }
  return artifactType === undefined ? found : found.filter((entry) => entry.artifactType === artifactType)
}

async function fallback(session: Session, at: Repository, digest: Digest, signal?: AbortSignal): Promise<Descriptor[]> {
  try {
    const { parsed } = await fetchManifest(session, { ...at, tag: referrersTag(digest) }, { ...(signal && { signal }) })
    return parsed.kind === 'index' ? parsed.index.manifests : []
  } catch (error) {
    if (hasCode(error, 'not-found')) return []
    throw error
  }
}

/** Removes a tag, or with a digest a manifest and all its tags. @internal */
export async function deleteManifest(session: Session, reference: Reference, { signal }: CallOptions): Promise<void> {
  const answer = await session.send({
    registry: reference.registry,
    method: 'DELETE',
    target: manifestPath(reference.repository, referenceOf(reference)),
    scopes: [repositoryScope(reference.repository, ['pull', 'delete'])],
    accept: [200, 202, 204],
    signal,
  })
  await discard(answer)
}
