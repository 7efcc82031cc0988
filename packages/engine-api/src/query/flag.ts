// SPDX-License-Identifier: Apache-2.0

const falseWords = new Set(['', '0', 'no', 'false', 'none'])

/** A query boolean: empty, `0`, `no`, `false` and `none` in any case are false, everything else is true. @public */
export function decodeFlag(text: string | undefined): boolean {
  return text !== undefined && !falseWords.has(text.trim().toLowerCase())
}
