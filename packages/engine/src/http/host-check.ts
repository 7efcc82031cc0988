// SPDX-License-Identifier: Apache-2.0
import net from 'node:net'
import os from 'node:os'
import { StackError } from '@teu/errors'
import type { RequestCheck } from './dispatch.ts'

/**
 * Refuses what a web page may send to a TCP listener. A page can make its own host name mean this machine's address
 * (DNS rebinding) and then read replies, or send requests elsewhere without reading them: so the `Host` must be an
 * address, `localhost`, this machine's name or one of `names`, and an `Origin` must be of that host. Clients of the
 * API send no `Origin`. `permission-denied` otherwise.
 */
export function hostCheck(names: readonly string[]): RequestCheck {
  const known = new Set(['localhost', os.hostname(), ...names].map((name) => name.toLowerCase()))
  return ({ headers }) => {
    const { host, origin } = headers
    if (host !== undefined && !isAllowed(host, known)) {
      throw new StackError(
        'permission-denied',
        `the host ${JSON.stringify(host)} is not a name of this engine: use an address, or start it with --tcp-name`,
      )
    }
    if (origin !== undefined && origin.replace(/^https?:\/\//, '') !== host) {
      throw new StackError('permission-denied', `requests of web pages of ${JSON.stringify(origin)} are refused`)
    }
  }
}

/** Whether a `Host` header names us; the port says nothing, since ports are forwarded. */
function isAllowed(host: string, known: ReadonlySet<string>): boolean {
  const name = host
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
  return net.isIP(name) !== 0 || known.has(name.toLowerCase())
}
