// SPDX-License-Identifier: Apache-2.0
import type { Rate } from '../limits/buckets.ts'
import type { AccessRule } from './rules.ts'

/**
 * Who may use a registry. With `htpasswd` alone callers send name and password with every request (Basic). With
 * `anonymousPull`, or with `token`, they get a token at `/auth/token` first, as docker's clients do by themselves: docker
 * sends no password to a registry that lets it in without one, so both kinds of callers need a token service. With
 * `token.keys` or `token.jwksUrl` some other service gives the tokens out.
 *
 * @public
 */
export interface AuthInit {
  /** The text of an htpasswd file with bcrypt hashes (`htpasswd -B`); anything else in it is refused. */
  htpasswd?: string
  /** Who may do what; rules as text are read by {@link parseAccessRule}. Default: every user everything. */
  access?: readonly (AccessRule | string)[]
  /** Patterns for the repositories that everybody may pull, without being a user. Default: none. */
  anonymousPull?: readonly string[]
  token?: TokenInit
  /**
   * How often a host may get the password of one user wrong, before its attempts for that user are refused unseen (429);
   * for all users together it may ten times as often. Credentials that were right before always pass. Default 30 a minute.
   */
  failedLogins?: Rate
}

/** Tokens: of this registry's own making, or of another service's. @public */
export interface TokenInit {
  /** Public keys of another service, as PEM or as a JWK set: RSA (RS256) or P-256 (ES256). */
  keys?: string
  /** Where another service publishes its keys: https, or http on this machine. */
  jwksUrl?: string
  /** The private key (PEM) that this registry signs with. Default: a new one, so that tokens end with the process. */
  signingKey?: string
  /** Where callers are sent for tokens. Needed with another service. Default: `/auth/token` at the host they called. */
  realm?: string
  /** Who the tokens are for (`aud`). Default `teu-registry`. */
  service?: string
  /** Who gives them out (`iss`). Default `teu-registry`. */
  issuer?: string
  /** How long they last, in seconds, from 60 on. Default 300. */
  lifetimeSeconds?: number
}
