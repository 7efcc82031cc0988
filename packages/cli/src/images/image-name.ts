// SPDX-License-Identifier: Apache-2.0
import { parseReference, type Reference } from '@teu/oci-spec/distribution'

/** An image's name as the user typed it. Throws with docker's text, which leaves out the name itself. */
export function readName(text: string): Reference {
  try {
    return parseReference(text)
  } catch (error) {
    throw new Error((error as Error).message.replace(/: "[\s\S]*"$/, ''), { cause: error })
  }
}
