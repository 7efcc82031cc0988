// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'

/** A reply as the suite looks at it: bytes and headers, undigested. */
export interface RawReply {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

export interface RequestOptions {
  headers?: Record<string, string>
  body?: string | Uint8Array
  /** Break the connection off once the body is sent, which is to be shorter than `content-length` says. */
  breakOff?: boolean
}

/** One request on a connection of its own. */
export function send(
  method: string,
  url: URL,
  { headers = {}, body, breakOff = false }: RequestOptions,
): Promise<RawReply> {
  const open = url.protocol === 'https:' ? httpsRequest : httpRequest
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  return new Promise((resolve, reject) => {
    const outgoing = open(url, { method, headers: { ...length, ...headers }, agent: false }, (incoming) => {
      collect(incoming).then(resolve, reject)
    })
    outgoing.on('error', reject)
    if (breakOff) outgoing.write(body, () => outgoing.destroy(new Error('broken off')))
    else outgoing.end(body)
  })
}

async function collect(incoming: IncomingMessage): Promise<RawReply> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) }
}

export function digestOf(content: string | Uint8Array, algorithm: 'sha256' | 'sha512' = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`
}

/** A location with the closing digest; query parameters that it has already stay. */
export function withDigest(location: string, digest: string): string {
  return `${location}${location.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`
}

/** Where a `Link` header leads next (RFC 5988); `undefined` without the header, which is right for a last page. */
export function nextPage({ headers }: RawReply): string | undefined {
  const link = headers['link']
  if (link === undefined) return undefined
  const target = /^<([^>]+)>; ?rel="?next"?$/.exec(String(link))?.[1]
  if (target === undefined) throw new Error(`Link: ${link}`)
  return target
}
