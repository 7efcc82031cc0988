// SPDX-License-Identifier: Apache-2.0
import { type BackwardAssembler, bpf, type Label } from './assembler.ts'
import type { Comparison } from './rules.ts'

const firstArgument = 16
const wordMask = 0xffff_ffffn

/**
 * The code of one comparison, which goes on at `yes` or `no`. Arguments are 64 bits and the machine has 32, so the
 * upper word decides first and the lower one only where the upper ones are equal. On 32-bit ABIs there is no upper one.
 *
 * @internal
 */
export function comparisonCode(
  code: BackwardAssembler,
  { index, op, value, valueTwo }: Comparison,
  narrow: boolean,
  yes: Label,
  no: Label,
): Label {
  const low = firstArgument + index * 8
  const high = low + 4
  const [valueLow, valueHigh] = words(value)
  if (op === 'SCMP_CMP_MASKED_EQ') {
    const [wantedLow, wantedHigh] = words(valueTwo)
    const next = maskedWord(code, low, valueLow, wantedLow, yes, no)
    return narrow ? next : maskedWord(code, high, valueHigh, wantedHigh, next, no)
  }
  const next = lowWord(code, op, low, valueLow, yes, no)
  return narrow ? next : highWord(code, op, high, valueHigh, next, yes, no)
}

function words(value: bigint): [low: number, high: number] {
  return [Number(value & wordMask), Number(value >> 32n)]
}

function maskedWord(
  code: BackwardAssembler,
  offset: number,
  mask: number,
  wanted: number,
  yes: Label,
  no: Label,
): Label {
  if (mask === 0 && wanted === 0) return yes
  code.branch(bpf.jumpEqual, wanted, yes, no)
  if (mask !== 0xffff_ffff) code.and(mask)
  return code.load(offset)
}

function lowWord(
  code: BackwardAssembler,
  op: Comparison['op'],
  offset: number,
  value: number,
  yes: Label,
  no: Label,
): Label {
  if (op === 'SCMP_CMP_EQ') code.branch(bpf.jumpEqual, value, yes, no)
  else if (op === 'SCMP_CMP_NE') code.branch(bpf.jumpEqual, value, no, yes)
  else if (op === 'SCMP_CMP_GT') code.branch(bpf.jumpGreater, value, yes, no)
  else if (op === 'SCMP_CMP_GE') code.branch(bpf.jumpGreaterEqual, value, yes, no)
  else if (op === 'SCMP_CMP_LT') code.branch(bpf.jumpGreaterEqual, value, no, yes)
  else code.branch(bpf.jumpGreater, value, no, yes)
  return code.load(offset)
}

/** Goes on at `equal`, the code of the lower word, or knows the answer already. */
function highWord(
  code: BackwardAssembler,
  op: Comparison['op'],
  offset: number,
  value: number,
  equal: Label,
  yes: Label,
  no: Label,
): Label {
  if (op === 'SCMP_CMP_EQ') code.branch(bpf.jumpEqual, value, equal, no)
  else if (op === 'SCMP_CMP_NE') code.branch(bpf.jumpEqual, value, equal, yes)
  else {
    const above = op === 'SCMP_CMP_GT' || op === 'SCMP_CMP_GE'
    const orderKnown = code.branch(bpf.jumpGreater, value, above ? yes : no, above ? no : yes)
    code.branch(bpf.jumpEqual, value, equal, orderKnown)
  }
  return code.load(offset)
}
