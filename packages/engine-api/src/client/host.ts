// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/** A place to connect to, and what the `Host` header says there. @internal */
export type Address =
  | { kind: 'unix'; path: string; hostHeader: string }
  | { kind: 'tcp'; host: string; port: number; hostHeader: string; basePath: string }

/**
 * Reads `unix:///path`, `tcp://host[:port][/base]` or `http://`, `https://`. The port is 2375, or 2376 with TLS.
 * Throws `invalid-argument` for anything else.
 *
 * @internal
 */
export function parseHost(host: string, tls: boolean): Address {
  const match = /^([a-z]+):\/\/(.+)$/.exec(host)
  if (!match) throw new StackError('invalid-argument', `unable to parse docker host \`${host}\``)
  const [, scheme, rest] = match as unknown as [string, string, string]
  if (scheme === 'unix') return { kind: 'unix', path: rest, hostHeader: 'api.moby.localhost' }
  if (scheme !== 'tcp' && scheme !== 'http' && scheme !== 'https') {
    throw new StackError('invalid-argument', `unsupported protocol of docker host ${host}: ${scheme}`)
  }
  let url: URL
  try {
    url = new URL(`http://${rest}`)
  } catch (error) {
    throw new StackError('invalid-argument', `unable to parse docker host \`${host}\``, { cause: error })
  }
  const name = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = url.port === '' ? (tls ? 2376 : 2375) : Number(url.port)
  return { kind: 'tcp', host: name, port, hostHeader: url.host, basePath: url.pathname.replace(/\/+$/, '') }
}
