// SPDX-License-Identifier: Apache-2.0

/** What proves to a registry who is asking. @public */
export type Credentials =
  | { username: string; password: string }
  /** A refresh token of the registry's token service, as `docker login` stores it. */
  | { username?: string; identityToken: string }
  /** Sent as it is, in `Authorization: Bearer`. */
  | { registryToken: string }

/** The value of `Authorization` for Basic; `undefined` for credentials that have no password. @internal */
export function basicHeader(credentials: Credentials | undefined): string | undefined {
  if (credentials === undefined || !('password' in credentials)) return undefined
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`
}
