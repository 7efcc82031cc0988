// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { Credentials } from './auth/credentials.ts'
import { discard, type TlsSettings, type Transport } from './http/transport.ts'
import type { RegistryAccess, RegistryClientInit, RegistryHost, RegistryMirror } from './init.ts'

/** A place to send requests to. @internal */
export interface Endpoint {
  /** Scheme, host and port. */
  origin: string
  /** Where the API begins: `/v2`, unless the place was named by a URL with a path. */
  prefix: string
  tls: TlsSettings
  /** Whether secrets may travel without TLS, because the operator said so or the host is this one. */
  insecure: boolean
  headers: Readonly<Record<string, string>>
  /** Origins that its token service may have; absent: any. */
  realms?: readonly string[]
  /** What a mirror is, and the registry itself is not. */
  mirror?: {
    /** The registry it stands for. */
    of: string
    capabilities: readonly ('resolve' | 'pull')[]
    credentials: () => Credentials | undefined | Promise<Credentials | undefined>
  }
}

/** How long a registry that may be insecure has to answer over TLS before plain HTTP is tried. */
const probeTimeoutMs = 5_000

/** Finds out, once for each registry, where it is and how it is to be talked to. @internal */
export class Endpoints {
  readonly #lookUp: (registry: string) => RegistryHost | undefined | Promise<RegistryHost | undefined>
  readonly #transport: Transport
  readonly #hosts = new Map<string, Promise<RegistryHost>>()
  readonly #known = new Map<string, Promise<Endpoint>>()
  readonly #mirrors = new Map<string, Promise<Endpoint[]>>()

  constructor(hosts: RegistryClientInit['hosts'], transport: Transport) {
    this.#lookUp =
      typeof hosts === 'function'
        ? hosts
        : (registry) => (hosts && Object.hasOwn(hosts, registry) ? hosts[registry] : undefined)
    this.#transport = transport
  }

  /** The registry itself. */
  of(registry: string): Promise<Endpoint> {
    return remembered(this.#known, registry, () => this.#find(registry))
  }

  /** Its mirrors, in the order configured. */
  mirrorsOf(registry: string): Promise<Endpoint[]> {
    return remembered(this.#mirrors, registry, async () => {
      const { mirrors = [] } = await this.#host(registry)
      return mirrors.map((mirror) => mirrorEndpoint(typeof mirror === 'string' ? { url: mirror } : mirror, registry))
    })
  }

  #host(registry: string): Promise<RegistryHost> {
    return remembered(this.#hosts, registry, async () => (await this.#lookUp(registry)) ?? {})
  }

  async #find(registry: string): Promise<Endpoint> {
    const host = await this.#host(registry)
    const shared = { headers: host.headers ?? {}, ...(host.realms && { realms: host.realms }) }
    if (host.url !== undefined) {
      const { origin, prefix, protocol } = parsePlace(host.url, host.overridePath)
      const insecure = host.insecure ?? protocol === 'http:'
      return { origin, prefix, tls: tlsOf(host, insecure), insecure, ...shared }
    }
    const authority = registry === 'docker.io' ? 'registry-1.docker.io' : registry
    const { origin: secure } = parsePlace(`https://${authority}`)
    if (!(host.insecure ?? isLoopback(registry)))
      return { origin: secure, prefix: '/v2', tls: tlsOf(host, false), insecure: false, ...shared }
    const tls = tlsOf(host, true)
    const { origin: plain } = parsePlace(`http://${authority}`)
    const origin = (await this.#answersOverTls(secure, tls)) ? secure : plain
    return { origin, prefix: '/v2', tls, insecure: true, ...shared }
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

function remembered<T>(known: Map<string, Promise<T>>, key: string, find: () => Promise<T>): Promise<T> {
  let found = known.get(key)
  if (found === undefined) {
    found = find()
    known.set(key, found)
    // A registry that was not up may be so at the next call.
    found.catch(() => known.delete(key))
  }
  return found
}

function mirrorEndpoint(mirror: RegistryMirror, registry: string): Endpoint {
  const { origin, prefix, protocol } = parsePlace(mirror.url, mirror.overridePath)
  const { capabilities = ['resolve', 'pull'], credentials = () => undefined, headers = {} } = mirror
  const insecure = mirror.insecure ?? protocol === 'http:'
  return {
    ...{ origin, prefix, insecure, headers },
    ...(mirror.realms && { realms: mirror.realms }),
    tls: tlsOf(mirror, insecure),
    mirror: { of: registry, capabilities, credentials },
  }
}

function tlsOf({ ca, cert, key }: RegistryAccess, unverified: boolean): TlsSettings {
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }), ...(unverified ? { unverified } : {}) }
}

function parsePlace(text: string, overridePath = false): { origin: string; prefix: string; protocol: string } {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.hostname === '') {
    throw new StackError('invalid-argument', `registry url ${JSON.stringify(text.slice(0, 256))} is no http url`)
  }
  const path = url.pathname.replace(/\/+$/, '')
  return {
    origin: url.origin,
    prefix: overridePath || path.endsWith('/v2') ? path : `${path}/v2`,
    protocol: url.protocol,
  }
}

/**
 * Whether a registry is this machine by the way it is written. A name that merely resolves to a loopback address does
 * not count: what it resolves to may change between this look and the connection.
 */
function isLoopback(registry: string): boolean {
  const host = registry.replace(/:\d+$/, '')
  return host === 'localhost' || host === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}
