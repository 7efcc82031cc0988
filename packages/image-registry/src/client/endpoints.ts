// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { discard, type TlsSettings, type Transport } from './http/transport.ts'
import type { RegistryClientInit, RegistryHost } from './init.ts'

/** A place to send requests to. @internal */
export interface Endpoint {
  /** Scheme, host and port. */
  origin: string
  tls: TlsSettings
  /** Whether secrets may travel without TLS, because the operator said so or the host is this one. */
  insecure: boolean
  /** Of a mirror, the registry it stands for. */
  mirrorOf?: string
}

/** How long a registry that may be insecure has to answer over TLS before plain HTTP is tried. */
const probeTimeoutMs = 5_000

/** Finds out, once for each registry, where it is and how it is to be talked to. @internal */
export class Endpoints {
  readonly #hosts: (registry: string) => RegistryHost | undefined
  readonly #transport: Transport
  readonly #known = new Map<string, Promise<Endpoint>>()
  readonly #mirrors = new Map<string, Endpoint[]>()

  constructor(hosts: RegistryClientInit['hosts'], transport: Transport) {
    this.#hosts =
      typeof hosts === 'function'
        ? hosts
        : (registry) => (hosts && Object.hasOwn(hosts, registry) ? hosts[registry] : undefined)
    this.#transport = transport
  }

  /** The registry itself. */
  async of(registry: string): Promise<Endpoint> {
    const known = this.#known.get(registry)
    if (known !== undefined) return known
    const found = this.#find(registry)
    this.#known.set(registry, found)
    // A registry that was not up may be so at the next call.
    found.catch(() => this.#known.delete(registry))
    return found
  }

  /** Its mirrors, in the order configured. */
  mirrorsOf(registry: string): Endpoint[] {
    let mirrors = this.#mirrors.get(registry)
    if (mirrors === undefined) {
      mirrors = (this.#hosts(registry)?.mirrors ?? []).map((text) => {
        const url = parseOrigin(text)
        return { origin: url.origin, tls: {}, insecure: url.protocol === 'http:', mirrorOf: registry }
      })
      this.#mirrors.set(registry, mirrors)
    }
    return mirrors
  }

  async #find(registry: string): Promise<Endpoint> {
    const host = this.#hosts(registry) ?? {}
    const { ca, cert, key } = host
    const pem = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
    if (host.url !== undefined) {
      const url = parseOrigin(host.url)
      const insecure = host.insecure ?? url.protocol === 'http:'
      return { origin: url.origin, tls: { ...pem, ...(insecure ? { unverified: true } : {}) }, insecure }
    }
    const authority = registry === 'docker.io' ? 'registry-1.docker.io' : registry
    if (!(host.insecure ?? isLoopback(registry))) {
      return { origin: parseOrigin(`https://${authority}`).origin, tls: pem, insecure: false }
    }
    const tls = { ...pem, unverified: true }
    const secure = parseOrigin(`https://${authority}`).origin
    const plain = parseOrigin(`http://${authority}`).origin
    return { origin: (await this.#answersOverTls(secure, tls)) ? secure : plain, tls, insecure: true }
  }

  async #answersOverTls(origin: string, tls: TlsSettings): Promise<boolean> {
    const signal = AbortSignal.timeout(probeTimeoutMs)
    try {
      await discard(
        await this.#transport.send({ method: 'GET', url: new URL('/v2/', origin), headers: {}, signal }, tls),
      )
      return true
    } catch {
      // Whatever is wrong with the host itself comes to light when it is talked to in plain.
      return false
    }
  }
}

function parseOrigin(text: string): URL {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.hostname === '') {
    throw new StackError('invalid-argument', `registry url ${JSON.stringify(text.slice(0, 256))} is no http url`)
  }
  return url
}

/**
 * Whether a registry is this machine by the way it is written. A name that merely resolves to a loopback address does
 * not count: what it resolves to may change between this look and the connection.
 */
function isLoopback(registry: string): boolean {
  const host = registry.replace(/:\d+$/, '')
  return host === 'localhost' || host === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}
