// SPDX-License-Identifier: Apache-2.0
import type { AuthConfig } from './images/types.ts'

/** Name of the header that carries {@link AuthConfig} on pull and push. @public */
export const registryAuthHeader = 'x-registry-auth'

/** Credentials as the header carries them: base64url of JSON, padded. @public */
export function encodeRegistryAuth(auth: AuthConfig): string {
  return Buffer.from(JSON.stringify(auth)).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}

/**
 * Credentials out of the header. A missing or unreadable value means anonymous, as the original treats it; values
 * that are not strings are dropped.
 *
 * @public
 */
export function decodeRegistryAuth(header: string | undefined): AuthConfig | undefined {
  if (!header) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'))
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return Object.fromEntries(Object.entries(value).filter(([, text]) => typeof text === 'string' && text !== ''))
  } catch {
    return undefined
  }
}
