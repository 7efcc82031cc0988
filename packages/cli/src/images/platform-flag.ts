// SPDX-License-Identifier: Apache-2.0
import type { QueryPlatform } from '@teu/engine-api'
import { parsePlatform } from '@teu/oci-spec/image'

/**
 * The platform of a `--platform` flag; undefined when it is empty. Throws what is wrong with it, with `prefix` before
 * it: docker's commands differ in that.
 */
export function readPlatform(text: string, prefix = ''): QueryPlatform | undefined {
  if (text === '') return undefined
  try {
    return parsePlatform(text)
  } catch (error) {
    throw new Error(`${prefix}${(error as Error).message}`, { cause: error })
  }
}

/** The prefix of commands that say what the refused text was for. */
export const invalidPlatform = 'invalid platform: '
