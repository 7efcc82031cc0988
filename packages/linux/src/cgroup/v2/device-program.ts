// SPDX-License-Identifier: Apache-2.0
import type { DeviceRule } from '../resources.ts'

/**
 * The eBPF program of a device list. The kernel calls it for each access with a context of three words: access and
 * type (access << 16 | type), major, minor; 1 allows.
 *
 *   r0 result   r2 type   r3 access bits not yet allowed   r4 major   r5 minor
 *
 * Rules are tested from the last to the first, because the last that matches decides, and that for each of the access
 * bits by itself: a rule that allows takes its bits off, one that forbids any of the remaining ends the program.
 */
const op = {
  loadWord: 0x61, // r = *(u32 *)(r1 + offset)
  moveReg: 0xbf,
  moveImm: 0xb7,
  andImm: 0x54, // 32 bit
  shiftRight: 0x74, // 32 bit
  jumpNotEqual: 0x55,
  jumpEqual: 0x15,
  jumpSet: 0x45,
  exit: 0x95,
} as const

const accessBits: Record<string, number> = { m: 1, r: 2, w: 4 }
const typeNumbers: Record<string, number> = { b: 1, c: 2, u: 2 }
const longestProgram = 4096

/** Compiles device rules; no rules at all forbid everything. Throws `E2BIG` beyond 4096 instructions. @internal */
export function compileDeviceProgram(rules: readonly DeviceRule[]): Uint8Array {
  const code = [
    instruction(op.loadWord, 2, 1, 0),
    instruction(op.moveReg, 3, 2),
    instruction(op.andImm, 2, 0, 0, 0xffff),
    instruction(op.shiftRight, 3, 0, 0, 16),
    instruction(op.loadWord, 4, 1, 4),
    instruction(op.loadWord, 5, 1, 8),
  ]
  for (const rule of rules.toReversed()) code.push(...compileRule(rule))
  code.push(instruction(op.moveImm, 0, 0, 0, 0), instruction(op.exit, 0))
  if (code.length > longestProgram) {
    throw Object.assign(new Error(`device list of ${rules.length} rules is too long`), { code: 'E2BIG', errno: 7 })
  }
  return Buffer.concat(code)
}

function compileRule(rule: DeviceRule): Buffer[] {
  const { type = 'a', major = -1, minor = -1, access } = rule
  const bits = [...(access || 'rwm')].reduce((sum, letter) => sum | (accessBits[letter] ?? 0), 0)
  const typeNumber = typeNumbers[type]
  const tests: [register: number, value: number][] = []
  if (typeNumber !== undefined) tests.push([2, typeNumber])
  if (major >= 0) tests.push([4, major])
  if (minor >= 0) tests.push([5, minor])
  const verdict = rule.allow ? allowBits(bits) : denyBits(bits)
  // Each test that fails jumps behind the verdict.
  const jumps = tests.map(([register, value], i) =>
    instruction(op.jumpNotEqual, register, 0, tests.length - i - 1 + verdict.length, value),
  )
  return [...jumps, ...verdict]
}

function allowBits(bits: number): Buffer[] {
  return [
    instruction(op.andImm, 3, 0, 0, ~bits & 7),
    instruction(op.jumpNotEqual, 3, 0, 2, 0),
    instruction(op.moveImm, 0, 0, 0, 1),
    instruction(op.exit, 0),
  ]
}

function denyBits(bits: number): Buffer[] {
  return [
    instruction(op.jumpSet, 3, 0, 1, bits),
    instruction(0x05, 0, 0, 2), // nothing of it asked for: on to the next rule
    instruction(op.moveImm, 0, 0, 0, 0),
    instruction(op.exit, 0),
  ]
}

function instruction(code: number, target: number, source = 0, offset = 0, immediate = 0): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt8(code, 0)
  bytes.writeUInt8(target | (source << 4), 1)
  bytes.writeInt16LE(offset, 2)
  bytes.writeInt32LE(immediate, 4)
  return bytes
}
