// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net'
import type { PortBinding } from '@teu/engine-api'
import { parseDecimal } from '../grammar/go-number.ts'
import { cut } from './csv.ts'

/** The ports a container opens, and the host addresses some of them are bound to; keys are `port/protocol`. */
export interface PortFlags {
  readonly exposed: Record<string, Record<string, never>>
  readonly bindings: Record<string, PortBinding[]>
}

/** Reads all `--publish` and `--expose` values. Throws with docker's text on the first that does not fit. */
export function parsePorts(publish: readonly string[], expose: readonly string[]): PortFlags {
  const ports: PortFlags = { exposed: {}, bindings: {} }
  for (const spec of publish.map(toShortForm)) publishSpec(ports, spec)
  for (const spec of expose) exposeSpec(ports, spec)
  return ports
}

/** The long form `target=80,published=8080,protocol=tcp` in the short one. */
function toShortForm(spec: string): string {
  if (!spec.includes('=')) return spec
  const parts: Record<string, string> = { protocol: 'tcp', target: '', published: '' }
  for (const part of spec.split(',')) {
    const [key, value, found] = cut(part, '=')
    if (!found) throw new Error(`invalid publish opts format (should be name=value but got '${part}')`)
    parts[key] = value
  }
  return `${parts.published}:${parts.target}/${parts.protocol}`
}

const protocols = ['tcp', 'udp', 'sctp']

function publishSpec(ports: PortFlags, spec: string): void {
  const { address, hostPort, containerPort } = sectionsOf(spec)
  const [portText, protocol] = splitProtocol(containerPort)
  const ip = checkAddress(address)
  if (portText === '') throw new Error(`no port specified: ${spec}<empty>`)
  const range = parseRange(portText, `invalid containerPort: ${portText}`)
  const host = hostPort === '' ? undefined : parseRange(hostPort, `invalid hostPort: ${hostPort}`)
  if (!protocols.includes(protocol)) throw new Error(`invalid proto: ${protocol}`)
  const size = range.end - range.start
  if (host && host.end - host.start !== size && size !== 0) {
    throw new Error(`invalid ranges specified for container and host Ports: ${portText} and ${hostPort}`)
  }
  for (let offset = 0; offset <= size; offset++) {
    const key = `${range.start + offset}/${protocol}`
    ports.exposed[key] = {}
    ports.bindings[key] ??= []
    ports.bindings[key].push({ HostIp: ip, HostPort: hostPortText(host, size, offset) })
  }
}

function hostPortText(host: Range | undefined, containerSize: number, offset: number): string {
  if (!host) return ''
  // One container port behind a range of host ports: the engine picks one of the range.
  if (containerSize === 0 && host.end !== host.start) return `${host.start}-${host.end}`
  return String(host.start + offset)
}

function sectionsOf(spec: string): { address: string; hostPort: string; containerPort: string } {
  const sections = spec.split(':')
  const containerPort = sections.pop() as string
  const hostPort = sections.pop() ?? ''
  return { address: sections.join(':'), hostPort, containerPort }
}

function splitProtocol(text: string): [port: string, protocol: string] {
  const [port, rest, found] = cut(text, '/')
  if (port === '' && !found) return ['', '']
  return [port, found && rest !== '' ? ((rest.split('/')[0] as string).toLowerCase() as string) : 'tcp']
}

function checkAddress(text: string): string {
  const bracketed = /^\[(.*)\]$/.exec(text)
  const address = bracketed ? (bracketed[1] as string) : text
  if (address !== '' && isIP(address) === 0) throw new Error(`invalid IP address: ${address}`)
  return address
}

interface Range {
  start: number
  end: number
}

function parseRange(text: string, refusal: string): Range {
  try {
    return strictRange(text)
  } catch {
    throw new Error(refusal)
  }
}

function strictRange(text: string): Range {
  if (text === '') throw new Error('empty string specified for ports')
  const [first, last, isRange] = cut(text, '-')
  const start = parsePort(first)
  const end = isRange ? parsePort(last) : start
  if (end < start) throw new Error(`invalid range specified for port: ${text}`)
  return { start, end }
}

function parsePort(text: string): number {
  if (/^[+-]/.test(text)) throw new Error(`strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`)
  const port = Number(parseDecimal(text, 'ParseUint', 17))
  if (port > 65535) throw new Error(`strconv.ParseUint: parsing ${JSON.stringify(text)}: value out of range`)
  return port
}

function exposeSpec(ports: PortFlags, spec: string): void {
  if (spec.includes(':')) throw new Error(`invalid port format for --expose: ${spec}`)
  const [portText, protocol] = splitProtocol(spec)
  let range: Range
  try {
    range = strictRange(portText)
  } catch (error) {
    throw new Error(`invalid range format for --expose: ${spec}, error: ${(error as Error).message}`)
  }
  for (let port = range.start; port <= range.end; port++) ports.exposed[`${port}/${protocol}`] = {}
}
