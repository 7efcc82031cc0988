// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { StackError } from '@teu/errors'
import type { Caller } from '../exchange.ts'

/** Tells who sent a request. @internal */
export type CallerOf = (request: IncomingMessage) => Caller

const hostGrammar = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/

/**
 * Makes what tells who sent a request. Headers that forwarding proxies set (`X-Forwarded-For`, `-Proto`, `-Host`) are
 * believed only when the connection comes from one of `trusted` (addresses, or networks as `10.0.0.0/8`); of a list of
 * addresses the last one counts that is not itself such a proxy. Throws `invalid-argument`.
 *
 * @internal
 */
export function callerFrom(trusted: readonly string[]): CallerOf {
  const proxies = new BlockList()
  for (const text of trusted) addNetwork(proxies, text)
  const isProxy = (address: string) =>
    isIP(address) > 0 && proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  return (request) => {
    const peer = request.socket.remoteAddress ?? ''
    const isForwarded = trusted.length > 0 && isProxy(peer)
    const forwarded = (name: string) => (isForwarded ? [request.headers[name] ?? []].flat().join(',') : '')
    const last = (name: string) => forwarded(name).split(',').at(-1)?.trim() ?? ''
    const addresses = forwarded('x-forwarded-for')
      .split(',')
      .map((address) => address.trim())
    const isEncrypted = (request.socket as TLSSocket).encrypted === true
    const secure = isEncrypted || last('x-forwarded-proto') === 'https'
    const host = last('x-forwarded-host') || (request.headers.host ?? '')
    return {
      address: addresses.filter((address) => isIP(address) > 0 && !isProxy(address)).at(-1) ?? peer,
      secure,
      origin: `${secure ? 'https' : 'http'}://${hostGrammar.test(host) ? host : 'localhost'}`,
    }
  }
}

function addNetwork(list: BlockList, text: string): void {
  const [address = '', prefix, ...more] = text.split('/')
  const family = isIP(address)
  const bits = prefix === undefined ? (family === 6 ? 128 : 32) : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1
  if (family === 0 || more.length > 0 || bits < 0 || bits > (family === 6 ? 128 : 32)) {
    throw new StackError(
      'invalid-argument',
      `trusted proxy ${JSON.stringify(text.slice(0, 64))} is no address or network`,
    )
  }
  list.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4')
}
