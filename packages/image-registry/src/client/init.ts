// SPDX-License-Identifier: Apache-2.0
import type { Credentials } from './auth/credentials.ts'
import type { ProxySettings } from './http/proxy.ts'
import type { RegistryQuota } from './http/quota.ts'

/** Certificates or keys, PEM. @public */
export type Pem = string | Uint8Array

/** How a place that speaks the registry's protocol is reached. @public */
export interface RegistryAccess {
  /**
   * Whether a place that has no trusted certificate is acceptable: TLS is tried without verification, then, when no URL
   * decides it, plain HTTP. Default: only for `localhost`, 127.0.0.0/8 and `[::1]`, and only when they are written so.
   */
  insecure?: boolean
  /** Certificates to trust besides the system's. */
  ca?: Pem
  /** Client certificate; `key` goes with it. */
  cert?: Pem
  key?: Pem
  /** Sent with every request to that place, and to no other: not after a redirect, not to its token service. */
  headers?: Readonly<Record<string, string>>
  /**
   * Origins that its token service may have, such as `https://auth.docker.io`. A realm anywhere else is refused. Default:
   * any, because it is the registry's choice.
   */
  realms?: readonly string[]
  /** The URL's path is where the API begins: `/v2` is not put behind it. Default false. */
  overridePath?: boolean
}

/** How one registry is reached. @public */
export interface RegistryHost extends RegistryAccess {
  /**
   * Scheme, host, port and path to talk to instead of the registry's name, for example `https://cache.example:8443`. A
   * URL decides the scheme for good: nothing else is tried.
   */
  url?: string
  /**
   * Registries with the same content, as URLs or with settings of their own, asked first when something is read. One
   * that fails, or does not have it, is passed over; one that cannot be reached is left alone for half a minute. They
   * are never sent this registry's credentials.
   */
  mirrors?: readonly (string | RegistryMirror)[]
}

/** A registry that has what another one has. @public */
export interface RegistryMirror extends RegistryAccess {
  url: string
  /**
   * What it is asked for: `resolve`, what a tag names now, and lists; `pull`, content by digest, which cannot be wrong.
   * Default both.
   */
  capabilities?: readonly ('resolve' | 'pull')[]
  /** Credentials of the mirror itself. Default: anonymous. */
  credentials?: () => Credentials | undefined | Promise<Credentials | undefined>
}

/** How registries are reached, by name: a table, or a function that is asked once for each. @public */
export type RegistryHosts =
  | Readonly<Record<string, RegistryHost>>
  | ((registry: string) => RegistryHost | undefined | Promise<RegistryHost | undefined>)

/** Constructor data of a {@link RegistryClient}. @public */
export interface RegistryClientInit {
  /** Settings by registry name, such as `docker.io` or `localhost:5000`. See also `registryHosts`. */
  hosts?: RegistryHosts
  /**
   * Asked once for each registry and client when a registry demands authentication; `undefined` means anonymous. See
   * also `dockerKeychain`.
   */
  credentials?: (registry: string) => Credentials | undefined | Promise<Credentials | undefined>
  /** Proxies; `false` for none. Default: what `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` of the environment say. */
  proxy?: ProxySettings | false
  /** Told of every text that a registry wants people to read (`Warning: 299`), once for each. */
  onWarning?: (registry: string, text: string) => void
  /**
   * Told of what a registry says that its caller may still do, with every answer that says so: Docker Hub's do, to all
   * that is asked about manifests. A mirror is told of by its own host and port.
   */
  onQuota?: (registry: string, quota: RegistryQuota) => void
  /** Sent as `User-Agent`. Default `teu`. */
  userAgent?: string
  /** How often a request that failed for the moment (broken connection, 408, 429, 5xx) is repeated. Default 5. */
  retries?: number
  /** Milliseconds before the first repetition, doubled each time, at most 10 s. `Retry-After` takes its place. Default 250. */
  retryDelayMs?: number
  /** Milliseconds to wait for a connection. Default 10,000. */
  connectTimeoutMs?: number
  /** Milliseconds to wait for an answer's first byte. Default 60,000. */
  answerTimeoutMs?: number
  /** Milliseconds without a byte after which a transfer counts as broken and is resumed. Default 30,000. */
  stallTimeoutMs?: number
}

/** Options that every call takes. @public */
export interface CallOptions {
  /** Ends the call with `cancelled`. */
  signal?: AbortSignal
}
