// SPDX-License-Identifier: Apache-2.0
import type { Digest } from './digest.ts'
import type { Platform } from './platform.ts'

/** Points at some content: what it is, its digest and its length. @public */
export interface Descriptor {
  mediaType: string
  digest: Digest
  /** Bytes; 0 to 2^53. */
  size: number
  /** Other places the content may be read from. Never contacted with credentials. */
  urls?: string[]
  annotations?: Record<string, string>
  /** The content itself, in base64. */
  data?: string
  /** Of a manifest that is not an image, what it is. */
  artifactType?: string
  /** Of a manifest in an index, what it runs on. */
  platform?: Platform
}
