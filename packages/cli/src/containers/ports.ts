// SPDX-License-Identifier: Apache-2.0
import { isIPv6 } from 'node:net'
import type { PortSummary } from '@teu/engine-api'

/** `host:port`, an IPv6 host in brackets. */
export function joinHostPort(host: string, port: string): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
}

interface Group {
  ip: string
  type: string
  first: number
  last: number
}

/**
 * The ports of a container on one line: consecutive ports of one address and protocol as a range, when they have the
 * same number outside; the others one by one, at the end.
 */
export function displayPorts(ports: readonly PortSummary[] | null | undefined): string {
  const open = new Map<string, Group>()
  const closed: string[] = []
  const mapped: string[] = []
  for (const { IP: ip = '', PrivatePort: port, PublicPort: outside = 0, Type: type } of sorted(ports ?? [])) {
    if (ip !== '' && outside !== port) {
      mapped.push(`${joinHostPort(ip, String(outside))}->${port}/${type}`)
      continue
    }
    const key = `${ip}/${type}`
    const group = open.get(key)
    if (group && port === group.last + 1) {
      group.last = port
      continue
    }
    if (group) {
      closed.push(show(group))
      Object.assign(group, { first: port, last: port })
    } else {
      open.set(key, { ip, type, first: port, last: port })
    }
  }
  return [...closed, ...[...open.values()].map(show), ...mapped].join(', ')
}

function sorted(ports: readonly PortSummary[]): PortSummary[] {
  const text = (a = '', b = '') => (a < b ? -1 : a > b ? 1 : 0)
  return [...ports].sort(
    (a, b) =>
      a.PrivatePort - b.PrivatePort ||
      text(a.IP, b.IP) ||
      (a.PublicPort ?? 0) - (b.PublicPort ?? 0) ||
      text(a.Type, b.Type),
  )
}

function show({ ip, type, first, last }: Group): string {
  const range = first === last ? String(first) : `${first}-${last}`
  return ip === '' ? `${range}/${type}` : `${joinHostPort(ip, range)}->${range}/${type}`
}
