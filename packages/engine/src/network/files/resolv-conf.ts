// SPDX-License-Identifier: Apache-2.0

import { isIP } from 'node:net'
import { StackError } from '@teu/errors'

/** What a request says about name resolution. */
export interface DnsRequest {
  Dns?: string[] | null
  DnsSearch?: string[] | null
  DnsOptions?: string[] | null
}

/** Used where the host has only name servers that a container cannot reach. */
const publicServers = ['8.8.8.8', '8.8.4.4']

/** The parts of a resolv.conf(5) that matter; later `search` and `domain` lines take the place of earlier ones. */
export interface ResolvConf {
  nameservers: string[]
  search: string[]
  options: string[]
}

/** Reads a resolv.conf(5). */
export function parseResolvConf(text: string): ResolvConf {
  const result: ResolvConf = { nameservers: [], search: [], options: [] }
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/)
    if (keyword === 'nameserver' && values[0]) result.nameservers.push(values[0])
    if (keyword === 'search' || keyword === 'domain') result.search = values
    if (keyword === 'options') result.options.push(...values)
  }
  return result
}

const isLoopback = (server: string): boolean => server.startsWith('127.') || server === '::1'

/** Refuses what is no name server, and what would break out of its line. */
export function checkDns({ Dns, DnsSearch, DnsOptions }: DnsRequest): void {
  for (const server of Dns ?? []) {
    if (isIP(server) === 0) throw new StackError('invalid-argument', `bad nameserver address: ${server}`)
  }
  for (const word of [...(DnsSearch ?? []), ...(DnsOptions ?? [])]) {
    if (/[\s\0]/.test(word))
      throw new StackError('invalid-argument', `invalid DNS option or domain: ${JSON.stringify(word)}`)
  }
}

/**
 * The text of a container's /etc/resolv.conf: the host's, with what the request says in place of it, and without name
 * servers on the host's loopback, which is not the container's.
 */
export function resolvConf(host: string, request: DnsRequest, keepLoopback = false): string {
  const own = parseResolvConf(host)
  const reachable = own.nameservers.filter((server) => keepLoopback || !isLoopback(server))
  const inherited = reachable.length > 0 ? reachable : publicServers
  const nameservers = request.Dns?.length ? request.Dns : inherited
  const search = request.DnsSearch?.length ? request.DnsSearch.filter((domain) => domain !== '.') : own.search
  const options = request.DnsOptions?.length ? request.DnsOptions : own.options
  return [
    ...nameservers.map((server) => `nameserver ${server}\n`),
    ...(search.length > 0 ? [`search ${search.join(' ')}\n`] : []),
    ...(options.length > 0 ? [`options ${options.join(' ')}\n`] : []),
  ].join('')
}
