// SPDX-License-Identifier: Apache-2.0
import { BlockList, isIP } from 'node:net'
import { StackError } from '@teu/errors'

/** Which proxies requests go through. @public */
export interface ProxySettings {
  /** For `http:` URLs: the proxy's URL; without a scheme it is an HTTP proxy. May hold a user and a password. */
  http?: string
  /** The same for `https:` URLs, which are reached through a tunnel. */
  https?: string
  /**
   * What is reached directly, separated by commas: `*`, names (and all below them), `.name` (only what is below),
   * addresses, ranges such as `10.0.0.0/8`, each with `:port` or without. `localhost` and loopback addresses always are.
   */
  none?: string
}

/**
 * The proxies that environment variables name, in either case: `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`. What a web
 * server sets for a CGI program is no proxy: `HTTP_PROXY` is then ignored.
 *
 * @internal
 */
export function proxiesOf(env: Readonly<Record<string, string | undefined>>): ProxySettings {
  const of = (name: string) => env[name] || env[name.toLowerCase()] || undefined
  const http = env['REQUEST_METHOD'] === undefined ? of('HTTP_PROXY') : undefined
  const [https, none] = [of('HTTPS_PROXY'), of('NO_PROXY')]
  return { ...(http && { http }), ...(https && { https }), ...(none && { none }) }
}

/** Finds the proxy for a URL: `undefined` when there is none. Throws `invalid-argument` for a proxy that is no URL. @internal */
export function proxyFinder(settings: ProxySettings): (url: URL) => URL | undefined {
  const proxies = { 'http:': parseProxy(settings.http), 'https:': parseProxy(settings.https) }
  const exceptions = (settings.none ?? '').split(/[\s,]+/).flatMap((text) => exceptionOf(text) ?? [])
  return (url) => {
    const proxy = proxies[url.protocol as 'http:' | 'https:']
    if (proxy === undefined) return undefined
    const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase()
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
    return isLoopback(host) || exceptions.some((matches) => matches(host, port)) ? undefined : proxy
  }
}

function parseProxy(text: string | undefined): URL | undefined {
  if (text === undefined || text === '') return undefined
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`)
  if (url !== null && ['http:', 'https:', 'socks5:', 'socks:'].includes(url.protocol) && url.hostname !== '') return url
  // The text may hold a password.
  throw new StackError('invalid-argument', `proxy ${JSON.stringify(text.replace(/^.*@/, '').slice(0, 128))} is no url`)
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

type Exception = (host: string, port: number) => boolean

function exceptionOf(text: string): Exception | undefined {
  if (text === '') return undefined
  if (text === '*') return () => true
  const range = rangeOf(text)
  if (range !== undefined) return range
  const [, name = '', portText] = /^\[?([^\]]*?)\]?(?::(\d{1,5}))?$/.exec(isIP(text) === 6 ? `[${text}]` : text) ?? []
  const fits = hostMatcher(name.toLowerCase())
  return (host, port) => fits(host) && (portText === undefined || Number(portText) === port)
}

function hostMatcher(name: string): (host: string) => boolean {
  if (isIP(name) !== 0) return (host) => host === name
  const suffix = name.replace(/^\*?\./, '.')
  if (suffix.startsWith('.')) return (host) => host.endsWith(suffix)
  return (host) => host === name || host.endsWith(`.${name}`)
}

function rangeOf(text: string): Exception | undefined {
  const [, address = '', bits = ''] = /^([0-9a-f.:]+)\/(\d{1,3})$/i.exec(text) ?? []
  const family = isIP(address)
  if (family === 0 || Number(bits) > (family === 4 ? 32 : 128)) return undefined
  const list = new BlockList()
  list.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6')
  return (host) => isIP(host) === family && list.check(host, family === 4 ? 'ipv4' : 'ipv6')
}
