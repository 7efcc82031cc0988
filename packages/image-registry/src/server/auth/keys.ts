// SPDX-License-Identifier: Apache-2.0
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { messageOf, StackError } from '@teu/errors'

/** The algorithms that tokens may be signed with; none of them can be used with a key that others know. @internal */
export type TokenAlgorithm = 'RS256' | 'ES256'

/** A key that tokens are checked with. @internal */
export interface TokenKey {
  id: string | undefined
  algorithm: TokenAlgorithm
  key: KeyObject
}

/** More than that many nobody rotates through. */
const maximumKeys = 32

/**
 * Reads public keys: PEM (public keys and certificates, one after the other) or a JWK set. RSA from 2,048 bits on and
 * P-256 are taken, anything else throws `invalid-argument`; so does a private key, which has no place there.
 *
 * @internal
 */
export function parsePublicKeys(text: string): TokenKey[] {
  const keys = text.trimStart().startsWith('{') ? parseJwks(text) : parsePem(text)
  if (keys.length === 0) throw invalid('no key in it')
  if (keys.length > maximumKeys) throw invalid(`more than ${maximumKeys} keys`)
  return keys
}

function parsePem(text: string): TokenKey[] {
  const blocks = text.match(/-----BEGIN [A-Z0-9 ]+-----[\s\S]+?-----END [A-Z0-9 ]+-----/g) ?? []
  return blocks.map((block) => {
    if (block.includes('PRIVATE')) throw invalid('a private key is among them')
    return described(readKey(() => createPublicKey(block)))
  })
}

function parseJwks(text: string): TokenKey[] {
  let set: unknown
  try {
    set = JSON.parse(text)
  } catch (error) {
    throw invalid(messageOf(error))
  }
  const { keys } = set as { keys?: unknown }
  if (!Array.isArray(keys)) throw invalid('"keys" is no list')
  return keys.slice(0, maximumKeys + 1).map((entry: Record<string, unknown>) => {
    if (entry?.['kty'] === 'oct' || entry?.['d'] !== undefined) throw invalid('a secret key is among them')
    const key = readKey(() => createPublicKey({ key: entry, format: 'jwk' }))
    return described(key, typeof entry['kid'] === 'string' ? entry['kid'] : undefined)
  })
}

function readKey(read: () => KeyObject): KeyObject {
  try {
    return read()
  } catch (error) {
    throw invalid(messageOf(error))
  }
}

function described(key: KeyObject, id = fingerprint(key)): TokenKey {
  return { id, algorithm: algorithmOf(key), key }
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): TokenAlgorithm {
  if (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048) return 'RS256'
  if (asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256'
  throw invalid('want RSA of 2048 bits or more, or P-256')
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/**
 * A key's name that follows from the key, as Docker's token services and its registry make it, so that either takes what
 * the other names: 240 bits of the SHA-256 of the public key (DER), in base 32 (RFC 4648), by fours between colons.
 */
function fingerprint(key: KeyObject): string {
  const hash = createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest('hex')
    .slice(0, 60)
  const bits = BigInt(`0x${hash}`).toString(2).padStart(240, '0')
  const letters = (bits.match(/.{5}/g) ?? []).map((five) => base32[Number.parseInt(five, 2)]).join('')
  return (letters.match(/.{4}/g) ?? []).join(':')
}

/** A key that tokens are signed with, and its public half. @internal */
export interface SigningKey extends TokenKey {
  id: string
  sign: KeyObject
}

/** Reads a private key (PEM), or makes one that lives as long as the process. @internal */
export function signingKey(pem?: string): SigningKey {
  const sign =
    pem === undefined
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
      : readKey(() => createPrivateKey(pem))
  const { algorithm, key } = described(createPublicKey(sign))
  return { id: fingerprint(key), algorithm, key, sign }
}

/** A new private key, as PEM. @internal */
export function newSigningKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    format: 'pem',
    type: 'pkcs8',
  }) as string
}

function invalid(why: string): StackError {
  return new StackError('invalid-argument', `token keys: ${why}`)
}
