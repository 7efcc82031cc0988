// SPDX-License-Identifier: Apache-2.0
import type { StorageUsage } from '../front/assemble.ts'
import { type Content, html, type Markup } from './html.ts'
import { command, pager, repositoryHref } from './layout.ts'
import { count, size } from './words.ts'

/** A line of the list of repositories. @internal */
export interface RepositoryLine {
  name: string
  tags: readonly string[]
  /** What it holds, if that is known. */
  bytes: number | undefined
  /** Whether it has more tags than are given here. */
  more: boolean
}

/** The start: what there is, and how to put more there. @internal */
export function repositoriesPage(init: {
  host: string
  lines: readonly RepositoryLine[]
  search: string
  last: string
  next: string | undefined
  usage: StorageUsage | undefined
}): Content {
  const { host, lines, search, last, next, usage } = init
  return html`<div class="title"><h1>Repositories</h1>${usage && figures(usage)}</div>
<form class="search" role="search" action="/" method="get">
<label for="q">Name contains</label><input id="q" name="q" type="search" value="${search}" autocomplete="off" spellcheck="false">
<button>Search</button>
</form>
${lines.length === 0 ? empty(host, search) : list(lines)}
${pager('/', { last, next, query: search === '' ? {} : { q: search } })}`
}

function figures({ blobs, bytes }: StorageUsage): Markup {
  return html`<dl class="figures"><div><dt>Disk use</dt><dd>${size(bytes)}</dd></div><div><dt>Blobs</dt><dd>${blobs.toLocaleString('en')}</dd></div></dl>`
}

function list(lines: readonly RepositoryLine[]): Markup {
  return html`<ul class="cards">
${lines.map(({ name, tags, more, bytes }) => {
  const number = more ? `${tags.length.toLocaleString('en')}+ tags` : count(tags.length, 'tag')
  return html`<li class="card"><h2><a href="${repositoryHref(name)}">${name}</a></h2>
<p class="quiet">${number}${bytes !== undefined && ` · ${size(bytes)}`}</p>
<p class="chips">${shownTags(tags).map((tag) => html`<a class="chip" href="${repositoryHref(name, `:${tag}`)}">${tag}</a>`)}</p></li>`
})}
</ul>`
}

function empty(host: string, search: string): Markup {
  if (search !== '') return html`<p class="nothing">No repository has “${search}” in its name.</p>`
  return html`<div class="nothing"><p>Nothing is here yet. Push something:</p>
${command('Tag', `docker tag busybox ${host}/team/busybox`)}${command('Push', `docker push ${host}/team/busybox`)}</div>`
}

/** `latest`, then the highest versions; tags that stand for signatures of others are of no use to people. */
function shownTags(tags: readonly string[]): string[] {
  const compare = new Intl.Collator('en', { numeric: true }).compare
  const named = tags.filter((tag) => !/^sha\d+-[0-9a-f]{16}/.test(tag) && tag !== 'latest')
  const versions = named.filter((tag) => /^v?\d/.test(tag)).sort((a, b) => compare(b, a))
  const others = named.filter((tag) => !/^v?\d/.test(tag))
  return [...(tags.includes('latest') ? ['latest'] : []), ...versions, ...others].slice(0, 4)
}
