// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/** A platform as the queries of images carry it: an OCI platform in JSON. @public */
export interface QueryPlatform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
  readonly 'os.version'?: string
}

/** Longest platform in a query, in characters. */
const maximumLength = 1024

/**
 * Reads `{"os":"linux","architecture":"arm64"}`; undefined for an absent or empty one. Throws `invalid-argument` for
 * anything else, and when system or architecture is missing.
 *
 * @public
 */
export function decodePlatform(text: string | undefined): QueryPlatform | undefined {
  if (text === undefined || text === '') return undefined
  const { os = '', architecture = '', variant = '', 'os.version': version = '' } = readTexts(text)
  if (os === '' || architecture === '') {
    throw new StackError('invalid-argument', 'both OS and Architecture must be provided')
  }
  return {
    os,
    architecture,
    ...(variant === '' ? {} : { variant }),
    ...(version === '' ? {} : { 'os.version': version }),
  }
}

/** Writes a platform as {@link decodePlatform} reads it. @public */
export function encodePlatform(platform: QueryPlatform | undefined): string | undefined {
  if (platform === undefined) return undefined
  const { os, architecture, variant, 'os.version': version } = platform
  return JSON.stringify({ architecture, os, variant, 'os.version': version })
}

function readTexts(text: string): Partial<Record<string, string>> {
  let value: unknown
  try {
    value = text.length > maximumLength ? undefined : JSON.parse(text)
  } catch {
    value = undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new StackError('invalid-argument', 'failed to parse platform: it is no JSON object')
  }
  const { os, architecture, variant, 'os.version': version } = value as Record<string, unknown>
  for (const [key, part] of Object.entries({ os, architecture, variant, 'os.version': version })) {
    if (part !== undefined && typeof part !== 'string') {
      throw new StackError('invalid-argument', `failed to parse platform: ${key} is no string`)
    }
  }
  return { os, architecture, variant, 'os.version': version } as Partial<Record<string, string>>
}
