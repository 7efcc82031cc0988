// SPDX-License-Identifier: Apache-2.0
import type { Credentials } from './auth/credentials.ts'

/** How one registry is reached. @public */
export interface RegistryHost {
  /**
   * Scheme, host and port to talk to instead of the registry's name, for example `https://cache.example:8443`. A URL
   * decides the scheme for good: nothing else is tried.
   */
  url?: string
  /**
   * Whether a registry that has no trusted certificate is acceptable: TLS is tried without verification, then plain
   * HTTP. Default: only for `localhost`, 127.0.0.0/8 and `[::1]`, and only when they are written so.
   */
  insecure?: boolean
  /** Certificates (PEM) to trust besides the system's. */
  ca?: string | Uint8Array
  /** Client certificate (PEM); `key` goes with it. */
  cert?: string | Uint8Array
  key?: string | Uint8Array
  /**
   * URLs (scheme, host, port) of registries with the same content, asked first when something is read. One that fails,
   * or does not have it, is passed over. They are never sent this registry's credentials.
   */
  mirrors?: readonly string[]
}

/** Constructor data of a {@link RegistryClient}. @public */
export interface RegistryClientInit {
  /** Settings by registry name, such as `docker.io` or `localhost:5000`. */
  hosts?: Readonly<Record<string, RegistryHost>> | ((registry: string) => RegistryHost | undefined)
  /** Asked once for each registry and client when a registry demands authentication; `undefined` means anonymous. */
  credentials?: (registry: string) => Credentials | undefined | Promise<Credentials | undefined>
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
