// SPDX-License-Identifier: Apache-2.0
import type { Descriptor, HistoryEntry, ImageConfig, Manifest } from '@teu/oci-spec/image'
import { type Content, html, type Markup } from './html.ts'
import { command, repositoryHref } from './layout.ts'
import { type Found, isRunnable, type Summary } from './library.ts'
import { time } from './tags-page.ts'
import { count, platformName, short, size } from './words.ts'

/** Steps and layers of one image that are shown. */
const maximumSteps = 500

/** What a page about one manifest shows. @internal */
export interface ImagePageInit {
  host: string
  name: string
  /** `:tag` or `@digest`, as the reader came by. */
  reference: string
  found: Found
  /** Of the manifests of an index, in its order. */
  parts: readonly (Summary | undefined)[]
  referrers: readonly Descriptor[]
}

/** One manifest: an image with its layers, an index with its platforms, or an artifact. @internal */
export function imagePage(init: ImagePageInit): Content {
  const { host, name, reference, found, referrers } = init
  const title = html`<h1><span class="quiet">${name}</span>${reference.length > 40 ? `@${short(reference.slice(1))}` : reference}</h1>`
  const pull = html`<section aria-labelledby="pull"><h2 id="pull">Pull</h2>
${commands(`${host}/${name}${reference}`).map(([label, text]) => command(label, text))}
${reference.startsWith(':') && command('pinned', `docker pull ${host}/${name}@${found.digest}`)}</section>`
  const body = found.kind === 'index' ? indexBody(init, found) : imageBody(name, found)
  return html`${title}${facts(found, init.parts)}${pull}${body}${referrersOf(name, referrers)}`
}

function commands(image: string): [string, string][] {
  return [
    ['docker', `docker pull ${image}`],
    ['podman', `podman pull ${image}`],
    ['skopeo', `skopeo inspect docker://${image}`],
    ['teu-registry', `teu-registry pull ${image} ./layout`],
  ]
}

function facts(found: Found, parts: ImagePageInit['parts']): Markup {
  const config = found.kind === 'image' ? found.config : undefined
  const run = config?.config
  const rows: [string, Content][] = [
    ['Digest', html`<code class="wrap">${found.digest}</code>`],
    ['Media type', html`<code class="wrap">${found.mediaType}</code>`],
    ['Size', sizeOf(found, parts)],
    ['Platform', config && platformName(config)],
    ['Created', config && time(config.created)],
    ['Author', config?.author],
    ['Entrypoint', line(run?.Entrypoint)],
    ['Command', line(run?.Cmd)],
    ['Working directory', run?.WorkingDir && html`<code>${run.WorkingDir}</code>`],
    ['User', run?.User && html`<code>${run.User}</code>`],
    ['Ports', line(Object.keys(run?.ExposedPorts ?? {}), ' ')],
    ['Volumes', line(Object.keys(run?.Volumes ?? {}), ' ')],
    ['Environment', lines(run?.Env)],
    ['Labels', pairs(run?.Labels)],
    ['Annotations', pairs((found.kind === 'index' ? found.index : found.manifest).annotations)],
  ]
  const known = rows.filter(([, value]) => value !== undefined && value !== '')
  return html`<dl class="facts">${known.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>`
}

function sizeOf(found: Found, parts: ImagePageInit['parts']): Content {
  if (found.kind === 'index') {
    const total = parts.reduce((sum, part) => sum + (part?.size ?? 0), 0)
    return `${size(total)} in ${count(found.index.manifests.length, 'manifest')}`
  }
  const { layers, config } = found.manifest
  return `${size(layers.reduce((sum, layer) => sum + layer.size, config.size))} in ${count(layers.length, 'layer')}`
}

function indexBody({ name, parts }: ImagePageInit, { index }: Found & { kind: 'index' }): Markup {
  return html`<section aria-labelledby="platforms"><h2 id="platforms">Platforms</h2>
<ul class="cards">${index.manifests.map((entry, at) => {
    const part = parts[at]
    const isImage = isRunnable(entry)
    const label = isImage
      ? platformName(entry.platform)
      : (entry.annotations?.['vnd.docker.reference.type'] ?? entry.artifactType ?? 'manifest')
    return html`<li class="card${isImage ? '' : ' minor'}"><h3><a href="${repositoryHref(name, `@${entry.digest}`)}">${label}</a></h3>
<p class="quiet">${part === undefined ? 'not here' : size(part.size)} · <span class="digest" title="${entry.digest}">${short(entry.digest)}</span></p></li>`
  })}</ul></section>`
}

function imageBody(name: string, { manifest, config }: Found & { kind: 'image' }): Markup {
  const steps = stepsOf(manifest, config)
  const total = Math.max(
    1,
    manifest.layers.reduce((sum, layer) => sum + layer.size, 0),
  )
  const noun = config === undefined ? 'Content' : 'Layers'
  return html`<section aria-labelledby="layers"><h2 id="layers">${noun}</h2>
${manifest.layers.length > 1 && strip(manifest, total)}
<ol class="layers">${steps.slice(0, maximumSteps).map((step) => layerOf(name, step, total))}</ol>
${steps.length > maximumSteps && html`<p class="quiet">and ${count(steps.length - maximumSteps, 'more step')}</p>`}</section>`
}

interface Step {
  layer: Descriptor | undefined
  made: HistoryEntry | undefined
}

/** Brings history and layers together; a history that does not fit is left away. */
function stepsOf({ layers }: Manifest, config: ImageConfig | undefined): Step[] {
  const history = config?.history ?? []
  const fits = history.filter((entry) => entry.empty_layer !== true).length === layers.length
  if (!fits) return layers.map((layer) => ({ layer, made: undefined }))
  let next = 0
  return history.map((made) => ({ made, layer: made.empty_layer === true ? undefined : layers[next++] }))
}

/** The layers' shares in one bar. Attributes, because the policy of the page lets no style in. */
function strip({ layers }: Manifest, total: number): Markup {
  let at = 0
  const parts = layers.slice(0, maximumSteps).map((layer, index) => {
    const width = (layer.size / total) * 100
    const part = html`<rect class="share-${index % 6}" x="${at.toFixed(3)}%" width="${Math.max(0, width - 0.25).toFixed(3)}%" height="100%"><title>${size(layer.size)}</title></rect>`
    at += width
    return part
  })
  return html`<svg class="strip" role="img" aria-label="Shares of the layers in the size" width="100%" height="14">${parts}</svg>`
}

function layerOf(name: string, { layer, made }: Step, total: number): Markup {
  const by = made?.created_by
    ?.replace(/^\/bin\/sh -c #\(nop\) +/, '')
    .replace(/^\/bin\/sh -c /, 'RUN ')
    .slice(0, 2000)
  const title = layer?.annotations?.['org.opencontainers.image.title']
  const text = by || made?.comment || title || (layer === undefined ? 'step without a layer' : 'layer')
  if (layer === undefined) return html`<li class="step"><code class="wrap">${text}</code></li>`
  const share = Math.round((layer.size / total) * 100)
  return html`<li class="step has-layer"><code class="wrap">${text}</code>
<p class="quiet"><strong>${size(layer.size)}</strong> <meter min="0" max="100" value="${share}" aria-label="${share} % of the size">${share} %</meter>
<a class="digest" href="/v2/${name}/blobs/${layer.digest}" title="${layer.digest}">${short(layer.digest)}</a> ${compression(layer.mediaType)}</p></li>`
}

function compression(mediaType: string): string {
  if (/[+.]gzip$/.test(mediaType)) return 'gzip'
  return /[+.]zstd$/.test(mediaType) ? 'zstd' : /\.tar$/.test(mediaType) ? 'not compressed' : mediaType
}

function referrersOf(name: string, referrers: readonly Descriptor[]): Content {
  if (referrers.length === 0) return undefined
  return html`<section aria-labelledby="referrers"><h2 id="referrers">Referrers</h2>
<p class="quiet">What others attached to it: signatures, attestations, lists of contents.</p>
<ul class="cards">${referrers.slice(0, 100).map(
    ({
      digest,
      artifactType,
      size: bytes,
      annotations,
    }) => html`<li class="card"><h3><a href="${repositoryHref(name, `@${digest}`)}">${artifactType ?? 'artifact'}</a></h3>
<p class="quiet">${size(bytes)} · <span class="digest" title="${digest}">${short(digest)}</span></p>${pairs(annotations)}</li>`,
  )}</ul></section>`
}

function line(words: readonly string[] | undefined, separator = ' '): Content {
  if (words === undefined || words.length === 0) return undefined
  const shown = words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word)))
  return html`<code class="wrap">${shown.join(separator)}</code>`
}

function lines(values: readonly string[] | undefined): Content {
  if (values === undefined || values.length === 0) return undefined
  return html`<ul class="plain">${values.slice(0, 100).map((value) => html`<li><code class="wrap">${value}</code></li>`)}</ul>`
}

function pairs(values: Readonly<Record<string, string>> | undefined): Content {
  return lines(Object.entries(values ?? {}).map(([key, value]) => `${key}=${value}`))
}
