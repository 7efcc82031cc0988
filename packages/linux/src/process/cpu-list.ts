// SPDX-License-Identifier: Apache-2.0

const highest = 8191

/**
 * The numbers of a list as cpusets write it (`0-3,7`), ascending and each once; an empty text is an empty list. Throws
 * `RangeError` for anything else and for numbers above 8191.
 *
 * @public
 */
export function parseCpuList(text: string): number[] {
  const numbers = new Set<number>()
  for (const part of text.trim().split(',')) {
    if (part.trim() === '' && text.trim() === '') break
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim())
    const first = Number(match?.[1])
    const last = Number(match?.[2] ?? match?.[1])
    if (match === null || last < first || last > highest) throw new RangeError(`not a list of processors: ${text}`)
    for (let number = first; number <= last; number++) numbers.add(number)
  }
  return [...numbers].sort((a, b) => a - b)
}
