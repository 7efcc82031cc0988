// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { basePath, catalogPath, parseNextLink, repositoryScope, tagsPath } from '@teu/oci-spec/distribution'
import { redact } from './http/answer.ts'
import { discard, encodingNote, type HttpAnswer } from './http/transport.ts'
import type { CallOptions } from './init.ts'
import type { Repository, Session } from './session.ts'

/** One page of names may be this long, in bytes. */
const maximumPage = 16 * 1024 * 1024
/** Pages of one listing. @internal */
export const maximumPages = 10_000

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
  for (let count = 0; target !== undefined; count++) {
    if (count >= maximumPages)
      throw new StackError('resource-exhausted', `${registry}${path}: more than ${maximumPages} pages`)
    const page: { answer: HttpAnswer; body: Uint8Array } = await session.read(
      { registry, method: 'GET', target, scopes, accept: [200], signal },
      maximumPage,
    )
    const list = parseJson(page.answer, page.body)
    for (const name of Array.isArray(list[key]) ? list[key] : []) {
      if (typeof name === 'string') yield name
    }
    target = nextPage(page.answer)
  }
}

/**
 * The next page. Of a link only path and query count: registries behind a proxy often do not know by what name they are
 * reached, and another host gets no token. Throws `data-loss` for a page that is its own next one.
 *
 * @internal
 */
export function nextPage(answer: HttpAnswer): URL | undefined {
  const link = parseNextLink(answer.header('link') ?? '')
  const url = link === undefined ? null : URL.parse(link, answer.url.href)
  if (url === null) return undefined
  const next = new URL(`${url.pathname}${url.search}`, answer.url.origin)
  if (next.href !== answer.url.href) return next
  throw new StackError('data-loss', `${redact(answer.url)}: names this page as the next one`)
}

function parseJson(answer: HttpAnswer, body: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'))
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // Falls through to the same error as any other thing that is no list.
  }
  throw new StackError('data-loss', `${redact(answer.url)}: answer is no JSON object${encodingNote(answer)}`)
}
