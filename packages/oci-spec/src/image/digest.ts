// SPDX-License-Identifier: Apache-2.0
import { createHash, type Hash } from 'node:crypto'
import { StackError } from '@teu/errors'
import { type Shape, text, violation } from '../shape/shape.ts'

/** The digest algorithms that are read and written. `blake3` is registered too, and refused: Node has no such hash. @public */
export const digestAlgorithms = ['sha256', 'sha512'] as const

/** One of {@link digestAlgorithms}. @public */
export type DigestAlgorithm = (typeof digestAlgorithms)[number]

/**
 * The name of some bytes by their hash, such as `sha256:` and 64 lower-case hexadecimal digits. A string has this type
 * only after {@link parseDigest} or {@link isDigest} looked at it, which makes it safe in a path.
 *
 * @public
 */
export type Digest = `${DigestAlgorithm}:${string}`

const grammar = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/

/** Whether `value` is a digest of a known algorithm, in lower case, of the right length. @public */
export function isDigest(value: unknown): value is Digest {
  return typeof value === 'string' && value.length <= 135 && grammar.test(value)
}

/** `value` as a {@link Digest}; throws `invalid-argument` when it is none. @public */
export function parseDigest(value: string): Digest {
  if (isDigest(value)) return value
  throw new StackError('invalid-argument', `${problemOf(value)}: ${JSON.stringify(value.slice(0, 160))}`)
}

/** The texts that docker and containerd users know from the Go library. */
function problemOf(value: string): string {
  const [algorithm, encoded] = value.split(':', 2)
  if (encoded === undefined || algorithm === '') return 'invalid checksum digest format'
  if (!(digestAlgorithms as readonly string[]).includes(algorithm as string)) return 'unsupported digest algorithm'
  if (encoded.length !== (algorithm === 'sha256' ? 64 : 128)) return 'invalid checksum digest length'
  return 'invalid checksum digest format'
}

/** The algorithm of a digest. @public */
export function digestAlgorithm(digest: Digest): DigestAlgorithm {
  return digest.slice(0, digest.indexOf(':')) as DigestAlgorithm
}

/** The hexadecimal part of a digest. @public */
export function digestEncoded(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1)
}

/** The digest of bytes held in memory. @public */
export function digestOf(bytes: Uint8Array | string, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return finishDigest(algorithm, createHash(algorithm).update(bytes))
}

/** The digest of what was fed into a hash of `algorithm`. The hash cannot be used afterwards. @public */
export function finishDigest(algorithm: DigestAlgorithm, hash: Hash): Digest {
  return `${algorithm}:${hash.digest('hex')}`
}

/** The shape of a digest. @internal */
export const digestShape: Shape<Digest> = (value, path) => {
  const result = text(value, path)
  if (!isDigest(result)) throw violation(path, `${problemOf(result)}: ${JSON.stringify(result.slice(0, 160))}`)
  return result
}
