// SPDX-License-Identifier: Apache-2.0
import { isRepositoryName, isTag } from '@teu/oci-spec/distribution'
import { isDigest } from '@teu/oci-spec/image'
import type { ManifestReference } from '../../store/manifest-store.ts'
import type { Exchange } from '../exchange.ts'
import { Failure } from '../failure.ts'
import type { StorageUsage } from '../front/assemble.ts'
import type { Serve } from '../front/front.ts'
import { type Content, html } from './html.ts'
import { imagePage } from './image-page.ts'
import { page, repositoryHref, stylePath } from './layout.ts'
import { Library } from './library.ts'
import { repositoriesPage } from './repositories-page.ts'
import { style } from './style.ts'
import { tagsPage } from './tags-page.ts'

/** Collaborators of a {@link Site}. @internal */
export interface SiteInit {
  serve: Serve
  usage: () => StorageUsage | undefined
  /** How many bytes a repository holds, if that is known. */
  heldBy: (repository: string) => number | undefined
}

/** Lines of one page. */
const perPage = 50
/** Names that a search goes through. */
const maximumSearched = 20_000

const prefix = '/repositories/'

/** Nothing but our own style sheet and forms: not a script, not a style in an attribute, no frame around it. */
const policy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': policy,
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'private, no-cache',
}

/** The page for people: what is here, and how to pull it. It only reads, and needs nothing of a browser but HTML. @internal */
export class Site {
  readonly #library: Library
  readonly #init: SiteInit

  constructor(init: SiteInit) {
    this.#library = new Library(init.serve)
    this.#init = init
  }

  /** Whether a path is one of the page's. */
  owns(pathname: string): boolean {
    return pathname === '/' || pathname === stylePath || pathname.startsWith(prefix)
  }

  async serve(pathname: string, exchange: Exchange): Promise<void> {
    if (exchange.method !== 'GET' && exchange.method !== 'HEAD') {
      throw new Failure('UNSUPPORTED', undefined, { headers: { allow: 'GET' } })
    }
    if (pathname === stylePath) {
      return exchange.answer(200, { 'content-type': 'text/css; charset=utf-8', 'cache-control': 'max-age=3600' }, style)
    }
    if (pathname === '/') return this.#repositories(exchange)
    const place = placeOf(pathname)
    const isVisible = place !== undefined && (exchange.caller.sees?.(place.name) ?? true)
    const isShown =
      isVisible &&
      (await (place.reference === undefined
        ? this.#tags(place.name, exchange)
        : this.#image(place.name, place.reference, exchange)))
    if (!isShown) this.#notFound(exchange)
  }

  async #repositories(exchange: Exchange): Promise<void> {
    const last = exchange.query.get('last') ?? ''
    const search = (exchange.query.get('q') ?? '').trim().slice(0, 255)
    const found = await this.#find(exchange, search, last)
    const names = found.slice(0, perPage)
    const lines = await Promise.all(
      names.map(async (name) => ({
        name,
        bytes: this.#init.heldBy(name),
        ...((await this.#library.tags(name, '', 100)) ?? { tags: [], more: false }),
      })),
    )
    const host = hostOf(exchange)
    const next = found.length > perPage ? names.at(-1) : undefined
    // What is stored says something of repositories that a caller may not see.
    const usage =
      exchange.caller.sees === undefined || exchange.caller.user !== undefined ? this.#init.usage() : undefined
    this.#answer(exchange, { title: host, main: repositoriesPage({ host, lines, search, last, next, usage }) })
  }

  async #find({ caller }: Exchange, search: string, last: string): Promise<string[]> {
    if (search === '') return this.#library.repositories(caller, { last, limit: perPage })
    const all = await this.#library.repositories(caller, { last, limit: maximumSearched })
    return all.filter((name) => name.includes(search.toLowerCase())).slice(0, perPage + 1)
  }

  async #tags(name: string, exchange: Exchange): Promise<boolean> {
    const last = exchange.query.get('last') ?? ''
    const found = await this.#library.tags(name, last, perPage)
    if (found === undefined) return false
    const summaries = await this.#library.summaries(
      name,
      found.tags.map((tag) => ({ tag })),
    )
    const lines = found.tags.map((tag, at) => ({ tag, summary: summaries[at] }))
    const next = found.more ? found.tags.at(-1) : undefined
    const main = tagsPage({ host: hostOf(exchange), name, lines, last, next })
    this.#answer(exchange, { title: name, trail: [start], main })
    return true
  }

  async #image(name: string, reference: ManifestReference, exchange: Exchange): Promise<boolean> {
    const found = await this.#library.find(name, reference)
    if (found === undefined) return false
    const entries = found.kind === 'index' ? found.index.manifests : []
    const parts = await this.#library.summaries(
      name,
      entries.map(({ digest }) => ({ digest })),
    )
    const referrers = await this.#library.referrers(name, found.digest)
    const text = 'tag' in reference ? `:${reference.tag}` : `@${reference.digest}`
    const main = imagePage({ host: hostOf(exchange), name, reference: text, found, parts, referrers })
    const trail = [start, { href: repositoryHref(name), text: name }]
    this.#answer(exchange, { title: 'tag' in reference ? reference.tag : text.slice(0, 20), trail, main })
    return true
  }

  #notFound(exchange: Exchange): void {
    const main = html`<h1>Not found</h1><p>There is no such repository, tag or digest here.</p>`
    this.#answer(exchange, { title: 'Not found', trail: [start], main }, 404)
  }

  #answer(
    exchange: Exchange,
    content: { title: string; trail?: { href: string; text: string }[]; main: Content },
    status = 200,
  ): void {
    const { user } = exchange.caller
    exchange.answer(status, headers, page({ ...content, user, host: hostOf(exchange) }))
  }
}

const start = { href: '/', text: 'Repositories' }

function hostOf({ caller }: Exchange): string {
  return caller.origin.replace(/^https?:\/\//, '')
}

/** Reads `name`, `name:tag` or `name@digest` behind the prefix; `undefined` for what is none of them. */
function placeOf(pathname: string): { name: string; reference?: ManifestReference } | undefined {
  let text: string
  try {
    text = decodeURIComponent(pathname.slice(prefix.length))
  } catch {
    return undefined
  }
  const [, name = '', tag, digest] = /^([^:@]+)(?::([^@]+)|@(.+))?$/.exec(text) ?? []
  if (!isRepositoryName(name)) return undefined
  if (tag !== undefined) return isTag(tag) ? { name, reference: { tag } } : undefined
  if (digest !== undefined) return isDigest(digest) ? { name, reference: { digest } } : undefined
  return { name }
}
