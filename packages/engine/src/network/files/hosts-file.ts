// SPDX-License-Identifier: Apache-2.0

import { isIP } from 'node:net'
import { StackError } from '@teu/errors'

/** A line of /etc/hosts beyond the fixed ones. */
export interface HostsEntry {
  address: string
  names: string[]
}

const fixed = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
`

/** Stands for the host as containers of the default bridge see it: the bridge's own address. */
const hostGateway = 'host-gateway'

/**
 * Reads `--add-host` entries, `name:address` (or `name=address`). `invalid-argument` for anything else, and for what
 * would break out of its line.
 *
 * @param gateway what `host-gateway` stands for; without it that name is refused
 */
export function parseExtraHosts(entries: readonly string[] | null | undefined, gateway?: string): HostsEntry[] {
  return (entries ?? []).map((entry) => {
    const [, name = '', text = ''] = /^([^:=]+)[:=](.+)$/.exec(entry) ?? []
    if (name === '' || /\s/.test(name)) throw new StackError('invalid-argument', `bad format for add-host: "${entry}"`)
    const address = text === hostGateway ? (gateway ?? '') : text.replace(/^\[(.*)\]$/, '$1')
    if (text === hostGateway && address === '') {
      throw new StackError('invalid-argument', 'unable to derive the IP value for host-gateway')
    }
    if (isIP(address) === 0) throw new StackError('invalid-argument', `invalid IP address in add-host: "${text}"`)
    return { address, names: [name] }
  })
}

/** The text of a container's /etc/hosts. */
export function hostsFile(entries: readonly HostsEntry[], base: string = fixed): string {
  const start = base.endsWith('\n') || base === '' ? base : `${base}\n`
  return start + entries.map(({ address, names }) => `${address}\t${names.join(' ')}\n`).join('')
}

/** The line of a container itself. With a domain the full name comes first. */
export function ownEntry(address: string, hostname: string, domainname: string | undefined): HostsEntry {
  return { address, names: domainname ? [`${hostname}.${domainname}`, hostname] : [hostname] }
}
