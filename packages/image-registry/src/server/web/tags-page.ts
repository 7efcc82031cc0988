// SPDX-License-Identifier: Apache-2.0
import { type Content, html, type Markup } from './html.ts'
import { command, pager, repositoryHref } from './layout.ts'
import type { Summary } from './library.ts'
import { day, short, size } from './words.ts'

/** A line of the list of tags. @internal */
export interface TagLine {
  tag: string
  /** Absent for a manifest that cannot be read. */
  summary: Summary | undefined
}

/** A repository: its tags. @internal */
export function tagsPage(init: {
  host: string
  name: string
  lines: readonly TagLine[]
  last: string
  next: string | undefined
}): Content {
  const { host, name, lines, last, next } = init
  const example = lines.find(({ tag }) => tag === 'latest')?.tag ?? lines.at(-1)?.tag
  return html`<h1>${name}</h1>
${example !== undefined && command('Pull', `docker pull ${host}/${name}:${example}`)}
${lines.length === 0 ? html`<p class="nothing">This repository has no tags.</p>` : table(name, lines)}
${pager(repositoryHref(name), { last, next })}`
}

function table(name: string, lines: readonly TagLine[]): Markup {
  return html`<div class="scroll" role="region" aria-label="Tags" tabindex="0"><table>
<caption>Tags of ${name}</caption>
<thead><tr><th scope="col">Tag</th><th scope="col">Platforms</th><th scope="col" class="number">Size</th><th scope="col">Created</th><th scope="col">Digest</th></tr></thead>
<tbody>
${lines.map(
  ({ tag, summary }) => html`<tr><th scope="row"><a href="${repositoryHref(name, `:${tag}`)}">${tag}</a></th>
<td>${summary && kinds(summary)}</td>
<td class="number">${summary && size(summary.size)}</td>
<td>${time(summary?.created)}</td>
<td>${summary && html`<a class="digest" href="${repositoryHref(name, `@${summary.digest}`)}" title="${summary.digest}">${short(summary.digest)}</a>`}</td></tr>
`,
)}
</tbody></table></div>`
}

/** The platforms of an image, or what an artifact is. @internal */
export function kinds({ platforms, artifactType }: Summary): Content {
  if (artifactType !== undefined) return html`<span class="chip">${artifactType}</span>`
  return platforms.map((platform) => html`<span class="chip">${platform}</span> `)
}

/** A day, for machines as well. @internal */
export function time(text: string | undefined): Content {
  const date = day(text)
  return date === undefined ? html`<span class="quiet">unknown</span>` : html`<time datetime="${text}">${date}</time>`
}
