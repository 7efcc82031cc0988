// SPDX-License-Identifier: Apache-2.0
import type { Comparison } from './rules.ts'

/** What a comparison asks of one word of its argument, in the terms in which words are put into order. */
interface WordTest {
  /** The number of the argument, and of its two words the upper one after the lower. */
  place: number
  rank: number
  operand: bigint
  /** Words are one test when this, the operand and the mask are the same. */
  kind: 'equal' | 'masked' | 'greater' | 'greater or equal'
  mask: bigint
}

const wordMask = 0xffff_ffffn

/**
 * Which of two cases of one call is asked first, negative for `a`; 0 leaves the order in which the profile has them.
 * Where more than one case holds, the first answers. That is libseccomp's order, from which it also follows for a profile
 * what its rules mean beside one another: of cases that begin with different arguments the one with the higher argument;
 * (un)equal before less before greater; then the narrower one, which has the higher operand, or of those with less the
 * lower one.
 *
 * @param narrow Whether arguments have 32 bits.
 *
 * @internal
 */
export function compareCases(a: readonly Comparison[], b: readonly Comparison[], narrow: boolean): number {
  const [first, second] = [wordsOf(a, narrow), wordsOf(b, narrow)]
  for (const [index, word] of first.entries()) {
    const other = second[index]
    if (other === undefined) return 0
    if (word.place !== other.place) return other.place - word.place
    if (word.rank !== other.rank) return word.rank - other.rank
    if (word.operand !== other.operand) return word.operand > other.operand === (word.rank === ranks.less) ? 1 : -1
    if (word.kind !== other.kind || word.mask !== other.mask) return 0
  }
  return 0
}

/** Whether `whole` begins with all comparisons of `part`, in the order of their arguments. @internal */
export function beginsWith(whole: readonly Comparison[], part: readonly Comparison[], narrow: boolean): boolean {
  const width = (number: bigint) => (narrow ? number & wordMask : number)
  const all = inOrder(whole)
  return inOrder(part).every(({ index, op, value, valueTwo }, at) => {
    const other = all[at]
    if (other === undefined || other.index !== index || other.op !== op) return false
    return width(other.value) === width(value) && width(other.valueTwo) === width(valueTwo)
  })
}

const ranks = { equal: 0, less: 1, greater: 2 } as const

function wordsOf(comparisons: readonly Comparison[], narrow: boolean): WordTest[] {
  return inOrder(comparisons).flatMap((comparison) => {
    const low = wordTest(comparison, 0)
    return narrow ? [low] : [wordTest(comparison, 1), low]
  })
}

function inOrder(comparisons: readonly Comparison[]): Comparison[] {
  return comparisons.toSorted((a, b) => a.index - b.index)
}

function wordTest({ index, op, value, valueTwo }: Comparison, half: 0 | 1): WordTest {
  const word = (number: bigint) => (number >> BigInt(32 * half)) & wordMask
  const at = { place: index * 2 + half, operand: word(value), mask: wordMask }
  switch (op) {
    case 'SCMP_CMP_MASKED_EQ':
      return { ...at, rank: ranks.equal, kind: 'masked', operand: word(valueTwo), mask: word(value) }
    case 'SCMP_CMP_EQ':
    case 'SCMP_CMP_NE':
      return { ...at, rank: ranks.equal, kind: 'equal' }
    default: {
      const rank = op === 'SCMP_CMP_LT' || op === 'SCMP_CMP_LE' ? ranks.less : ranks.greater
      const strict = half === 1 || op === 'SCMP_CMP_GT' || op === 'SCMP_CMP_LE'
      return { ...at, rank, kind: strict ? 'greater' : 'greater or equal' }
    }
  }
}
