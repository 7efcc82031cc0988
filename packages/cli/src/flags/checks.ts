// SPDX-License-Identifier: Apache-2.0
import { isIP, isIPv6 } from 'node:net'
import { cut } from './csv.ts'

/** Lower-cases and admits `stdin`, `stdout` and `stderr`. */
export function checkStream(text: string): string {
  const stream = text.toLowerCase()
  if (['stdin', 'stdout', 'stderr'].includes(stream)) return stream
  throw new Error('valid streams are STDIN, STDOUT and STDERR')
}

/** A label `key[=value]` whose key is not empty and has no blanks. */
export function checkLabel(text: string): string {
  const key = cut(text, '=')[0].replace(/^[ \t]+/, '')
  if (key === '') throw new Error(`invalid label '${text}': empty name`)
  if (/[ \t]/.test(key)) throw new Error(`label '${key}' contains whitespaces`)
  return text
}

/** An environment entry `name[=value]` whose name is not empty. */
export function checkEnvName(text: string): string {
  if (cut(text, '=')[0] === '') throw new Error(`invalid environment variable: ${text}`)
  return text
}

/** An address in its normal form. */
export function checkIp(text: string): string {
  const address = text.trim()
  if (isIP(address) === 0) throw new Error(`IP address is not correctly formatted: ${text}`)
  return normalIp(address)
}

function normalIp(address: string): string {
  if (!isIPv6(address)) return address
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)
  return mapped ? (mapped[1] as string) : new URL(`http://[${address}]`).hostname.slice(1, -1)
}

/** A search domain; a dot alone means none. */
export function checkSearchDomain(text: string): string {
  const domain = text.replace(/^ +| +$/g, '')
  if (domain === '.') return domain
  const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
  const match = new RegExp(`^(:?${label}(?::?\\.${label})*)\\.?\\s*$`).exec(domain)
  if (/[a-zA-Z]/.test(domain) && match && (match[1] as string).length < 255) return match[1] as string
  throw new Error(`${domain} is not a valid domain`)
}

/** `host:ip`, also written `host=ip`, the address perhaps in brackets; `host-gateway` stands for the engine's. */
export function checkExtraHost(text: string): string {
  const separator = text.includes('=') ? '=' : ':'
  const [host, address, found] = cut(text, separator)
  if (!found || host === '') throw new Error(`bad format for add-host: ${JSON.stringify(text)}`)
  if (address === 'host-gateway') return `${host}:${address}`
  const bare = /^\[(.*)\]$/.exec(address)?.[1] ?? address
  try {
    checkIp(bare)
  } catch {
    throw new Error(`invalid IP address in add-host: ${JSON.stringify(bare)}`)
  }
  return `${host}:${bare}`
}

/** A legacy link `container[:alias]`. */
export function checkLink(text: string): string {
  if (text === '') throw new Error('empty string specified for links')
  if (text.split(':').length > 2) throw new Error(`bad format for links: ${text}`)
  return text
}

const sysctls = /^(?:kernel\.(?:msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)|net\..*|fs\.mqueue\..*)$/

/** A kernel parameter that a namespace owns. */
export function checkSysctl(text: string): string {
  const [name, , found] = cut(text, '=')
  if (!found || !sysctls.test(name)) throw new Error(`sysctl '${text}' is not allowed`)
  return text
}

/** A device cgroup rule such as `c 1:3 rwm`. */
export function checkDeviceRule(text: string): string {
  if (/^[acb] ([0-9]+|\*):([0-9]+|\*) [rwm]{1,3}$/.test(text)) return text
  throw new Error(`invalid device cgroup format '${text}'`)
}

/** A MAC address of 6, 8 or 20 bytes, as Go's ParseMAC reads one. */
export function isMac(text: string): boolean {
  const counts = [6, 8, 20].map((bytes) => bytes - 1)
  const byColon = /^[0-9a-f]{2}(?:(?::[0-9a-f]{2})+|(?:-[0-9a-f]{2})+)$/i
  const byDot = /^[0-9a-f]{4}(?:\.[0-9a-f]{4})+$/i
  const trimmed = text.trim()
  if (byColon.test(trimmed)) return counts.includes(trimmed.split(/[:-]/).length - 1)
  return byDot.test(trimmed) && counts.includes(trimmed.split('.').length * 2 - 1)
}
