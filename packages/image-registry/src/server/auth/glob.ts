// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/** Longer patterns serve no purpose. */
const maximumPattern = 512

/**
 * Whether a name matches a pattern: `*` stands for any characters but `/`, `**` for any at all, everything else for
 * itself. `team/**` covers what lies below `team/`, `**` covers everything. Takes time in proportion to the product of
 * both lengths at worst, whatever the pattern.
 *
 * @internal
 */
export function matchesGlob(pattern: string, name: string): boolean {
  let reachable = new Uint8Array(name.length + 1)
  reachable[0] = 1
  for (let at = 0; at < pattern.length; at++) {
    const isStar = pattern[at] === '*'
    const isDouble = isStar && pattern[at + 1] === '*'
    if (isDouble) at++
    reachable = isStar ? afterStar(reachable, name, isDouble) : afterLetter(reachable, name, pattern[at] as string)
  }
  return reachable[name.length] === 1
}

function afterLetter(reachable: Uint8Array, name: string, letter: string): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(name.length + 1)
  for (let at = 0; at < name.length; at++) if (reachable[at] === 1 && name[at] === letter) next[at + 1] = 1
  return next
}

function afterStar(reachable: Uint8Array, name: string, crossesSlash: boolean): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(name.length + 1)
  for (let at = 0; at <= name.length; at++) {
    const grows = at > 0 && next[at - 1] === 1 && (crossesSlash || name[at - 1] !== '/')
    if (reachable[at] === 1 || grows) next[at] = 1
  }
  return next
}

/** Throws `invalid-argument`, naming `where`, for what cannot be a pattern for repositories, tags or users. @internal */
export function checkGlob(pattern: string, where: string): string {
  if (pattern !== '' && pattern.length <= maximumPattern && /^[\x21-\x7e]+$/.test(pattern)) return pattern
  throw new StackError('invalid-argument', `${where}: ${JSON.stringify(pattern.slice(0, 64))} is no pattern`)
}
