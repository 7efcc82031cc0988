// SPDX-License-Identifier: Apache-2.0

/** A registry that this one keeps copies of. @public */
export interface ProxyInit {
  /** The other registry: scheme, host and port, such as `https://registry-1.docker.io`. */
  url: string
  /** What it is asked with. Sent to its host and its token service only. Default: nothing. */
  credentials?: { username: string; password: string }
  /**
   * Origins that its token service may have. Default: the registry's own, and `https://auth.docker.io` for Docker Hub.
   */
  realms?: readonly string[]
  /** Certificates (PEM) to trust besides the system's. */
  ca?: string | Uint8Array
  /** Patterns for the repositories that are fetched; of others only what is here is served. Default: all. */
  repositories?: readonly string[]
  /**
   * For how long, in milliseconds, what a tag names counts as known. Default 0: each time the tag is asked for, so is the
   * other registry, with HEAD, which Docker Hub does not count.
   */
  freshMs?: number
  /** How long, in milliseconds, to leave the other registry alone after it could not be reached. Default 10,000. */
  restMs?: number
  /** A directory for blobs on their way. Default: one that the system has for temporary files. */
  spoolDirectory?: string
}
