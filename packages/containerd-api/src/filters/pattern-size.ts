// SPDX-License-Identifier: Apache-2.0

interface Group {
  /** Instructions so far. */
  total: number
  /** Instructions of the last part, which a repeat behind it would multiply. */
  last: number
}

/**
 * How many instructions the program of a regular expression has at most, read from its text. A compiler finds out by
 * making them, and `(…){1000}` around a long text makes millions. Meaningless for text that is no expression.
 */
export function patternSizeBound(source: string): number {
  const groups: Group[] = [{ total: 4, last: 0 }]
  const add = (size: number) => {
    const group = groups.at(-1)!
    group.total += size
    group.last = size
  }
  for (let at = 0; at < source.length; ) {
    const group = groups.at(-1)!
    const character = source[at]!
    const repeat = character === '{' ? /^\{([0-9]{1,9})(?:,([0-9]{0,9}))?\}/.exec(source.slice(at, at + 24)) : null
    if (repeat !== null) {
      const [text, from = '', to] = repeat
      // `{n,}` is n copies and a loop; each optional copy has a branch of its own.
      const copies = Math.max(Number(from), Number(to ?? 0)) + 1
      group.total += copies * (group.last + 2)
      group.last = copies * (group.last + 2)
      at += text.length
    } else if (character === '(') {
      groups.push({ total: 2, last: 0 })
      at++
    } else if (character === ')') {
      const inner = groups.length > 1 ? groups.pop()!.total : 1
      add(inner)
      at++
    } else if ('*+?'.includes(character)) {
      // A loop over what may be empty is one more branch.
      group.total += 2
      group.last += 2
      at++
    } else {
      const end = atomEnd(source, at)
      // A quoted text is as many instructions as it has characters, of which a repeat repeats the last.
      if (source.startsWith('\\Q', at)) group.total += end - at
      add(1)
      at = end
    }
  }
  return groups.reduce((sum, { total }) => sum + total, 0)
}

/** Where the atom that begins at `at` ends: a character, an escape, a class or a quoted text. */
function atomEnd(source: string, at: number): number {
  if (source.startsWith('\\Q', at)) return endOf(source, '\\E', at + 2)
  if (source[at] === '\\') return escapeEnd(source, at)
  if (source[at] !== '[') return at + 1
  let next = at + 1
  if (source[next] === '^') next++
  if (source[next] === ']') next++
  while (next < source.length && source[next] !== ']') {
    const named = source.startsWith('[:', next) ? source.indexOf(':]', next + 2) : -1
    if (named >= 0) next = named + 2
    else next = source[next] === '\\' ? escapeEnd(source, next) : next + 1
  }
  return next + 1
}

function escapeEnd(source: string, at: number): number {
  return /^\\[pPx]\{/.test(source.slice(at, at + 3)) ? endOf(source, '}', at + 3) : at + 2
}

function endOf(source: string, text: string, from: number): number {
  const found = source.indexOf(text, from)
  return found < 0 ? source.length : found + text.length
}
