// SPDX-License-Identifier: Apache-2.0
import { cut, splitCsv } from './csv.ts'

/** One `--network` value: a name, and what the long form says about the endpoint there. */
export interface NetworkAttachment {
  readonly target: string
  readonly aliases?: readonly string[]
  readonly driverOptions?: Readonly<Record<string, string>>
  readonly ipv4?: string
  readonly ipv6?: string
  readonly linkLocal?: readonly string[]
  readonly mac?: string
  readonly gatewayPriority?: number
}

interface Draft {
  target: string
  aliases: string[]
  driverOptions: Record<string, string>
  linkLocal: string[]
  ipv4?: string
  ipv6?: string
  mac?: string
  gatewayPriority?: number
}

/** Reads one `--network` value; the long form is recognised by a leading `name=` or another known key. */
export function parseNetwork(text: string): NetworkAttachment {
  if (!/^[^,]*=/.test(text)) return { target: text }
  const draft: Draft = { target: '', aliases: [], driverOptions: {}, linkLocal: [] }
  for (const field of splitCsv(text)) {
    const [key, value] = cut(field, '=')
    const name = key.trim().toLowerCase()
    const set = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (!set) throw new Error(`invalid field key ${name}`)
    set(draft, value.trim())
  }
  if (draft.target === '') throw new Error('network name/id is not specified')
  return trim(draft)
}

const fields: Record<string, (draft: Draft, value: string) => void> = {
  name: (draft, value) => {
    draft.target = value
  },
  alias: (draft, value) => {
    draft.aliases.push(value)
  },
  ip: (draft, value) => {
    draft.ipv4 = value
  },
  ip6: (draft, value) => {
    draft.ipv6 = value
  },
  'link-local-ip': (draft, value) => {
    draft.linkLocal.push(value)
  },
  'mac-address': (draft, value) => {
    draft.mac = value
  },
  'driver-opt': (draft, value) => {
    const [key, option, found] = cut(value, '=')
    if (!found) throw new Error('invalid key value pair format in driver options')
    draft.driverOptions[key.trim().toLowerCase()] = option.trim()
  },
  'gw-priority': (draft, value) => {
    if (!/^[+-]?[0-9]+$/.test(value)) throw new Error(`invalid gw-priority (${value}): invalid syntax`)
    draft.gatewayPriority = Number(value)
  },
}

function trim({ aliases, driverOptions, linkLocal, ...rest }: Draft): NetworkAttachment {
  return {
    ...rest,
    ...(aliases.length > 0 ? { aliases } : {}),
    ...(Object.keys(driverOptions).length > 0 ? { driverOptions } : {}),
    ...(linkLocal.length > 0 ? { linkLocal } : {}),
  }
}
