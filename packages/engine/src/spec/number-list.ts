// SPDX-License-Identifier: Apache-2.0

/** The largest CPU or node number that is taken for one. */
const maximumNumber = 8191

/**
 * Reads a list such as `0-3,6`, as cpuset files have it. Undefined for anything else, numbers above 8191 included, so
 * that no short text makes a long list.
 */
export function parseNumberList(text: string): Set<number> | undefined {
  const numbers = new Set<number>()
  for (const part of text === '' ? [] : text.split(',')) {
    const [, first, last] = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(part.trim()) ?? []
    if (first === undefined) return undefined
    const from = Number(first)
    const to = last === undefined ? from : Number(last)
    if (from > to || to > maximumNumber) return undefined
    for (let number = from; number <= to; number++) numbers.add(number)
  }
  return numbers
}
