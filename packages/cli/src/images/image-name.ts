// SPDX-License-Identifier: Apache-2.0
import { parseReference, type Reference } from '@teu/oci-spec/distribution'

/** An image's name as the user typed it. Throws with docker's text, which leaves out the name itself. */
export function readName(text: string): Reference {
  try {
    return parseReference(text)
  } catch (error) {
    const message = (error as Error).message.replace(/: "[\s\S]*"$/, '')
    // A digest that is not even shaped like one makes the whole name no reference.
    const known = message.startsWith('invalid reference format') || /@[a-z0-9+._-]+:[0-9a-fA-F]{32,}$/.test(text)
    throw new Error(known ? message : 'invalid reference format', { cause: error })
  }
}
