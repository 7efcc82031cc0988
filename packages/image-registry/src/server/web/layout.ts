// SPDX-License-Identifier: Apache-2.0
import { type Content, html, type Markup } from './html.ts'

/** What every page has. @internal */
export interface PageInit {
  title: string
  /** Links from the start to the page, without the page itself. */
  trail?: readonly { href: string; text: string }[]
  /** Who looks; nobody in particular when absent. */
  user: string | undefined
  /** The host that clients use. */
  host: string
  main: Content
}

/** Where the style sheet lies. @internal */
export const stylePath = '/style.css'

/** A whole page. @internal */
export function page({ title, trail = [], user, host, main }: PageInit): string {
  const whole = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title === host ? host : `${title} · ${host}`}</title>
<link rel="stylesheet" href="${stylePath}">
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="band"><div class="wide">
<a class="brand" href="/" aria-label="${host}, all repositories">${logo()}<span>${host}</span></a>
${user !== undefined && html`<p class="who">signed in as <strong>${user}</strong></p>`}
</div></header>
${trail.length > 0 && trailOf(trail, title)}
<main id="main" class="wide" tabindex="-1">
${main}
</main>
<footer class="wide"><p>Served by teu-registry, an OCI registry. This page only reads.</p></footer>
</body>
</html>
`
  return whole.text
}

function trailOf(trail: readonly { href: string; text: string }[], title: string): Markup {
  return html`<nav class="wide trail" aria-label="Breadcrumb"><ol>
${trail.map(({ href, text }) => html`<li><a href="${href}">${text}</a></li>`)}
<li aria-current="page">${title}</li>
</ol></nav>`
}

function logo(): Markup {
  return html`<svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false">
<path class="logo-a" d="M16 3 29 9.5 16 16 3 9.5Z"/><path class="logo-b" d="m3 16 13 6.5L29 16"/><path class="logo-c" d="m3 22.5L16 29l13-6.5"/></svg>`
}

/** A command to be copied: one click, or the keyboard's selection, takes it whole. @internal */
export function command(label: string, text: string): Markup {
  return html`<div class="command"><span class="label">${label}</span><code tabindex="0" role="textbox" aria-readonly="true" aria-label="${label} command">${text}</code></div>`
}

/** The links to the first and the next part of a list. @internal */
export function pager(
  path: string,
  { last, next, query = {} }: { last: string; next: string | undefined; query?: Record<string, string> },
): Content {
  if (last === '' && next === undefined) return undefined
  const at = (after: string) => {
    const parameters = new URLSearchParams({ ...query, ...(after !== '' && { last: after }) })
    return parameters.size === 0 ? path : `${path}?${parameters}`
  }
  return html`<nav class="pager" aria-label="Pages">
${last !== '' && html`<a href="${at('')}">First page</a>`}
${next !== undefined && html`<a rel="next" href="${at(next)}">Next page</a>`}
</nav>`
}

/** A path of the page for a repository, a tag or a digest: the reference as people write it. @internal */
export function repositoryHref(name: string, reference = ''): string {
  return `/repositories/${name}${reference}`
}
