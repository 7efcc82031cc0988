// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import type { DeviceRule } from '../resources.ts'
import { compileDeviceProgram } from './device-program.ts'

const bits = { m: 1, r: 2, w: 4 } as const
type Access = { type: 'b' | 'c'; major: number; minor: number; access: number }

/** Runs the few instructions that device programs use. */
function run(program: Uint8Array, { type, major, minor, access }: Access): boolean {
  const code = Buffer.from(program)
  const context = [(access << 16) | (type === 'b' ? 1 : 2), major, minor]
  const r = new Array<number>(11).fill(Number.NaN)
  for (let pc = 0, steps = 0; steps < 100_000; pc++, steps++) {
    const at = pc * 8
    assert.ok(at < code.length, 'ran off the end')
    const [op, registers] = [code.readUInt8(at), code.readUInt8(at + 1)]
    const [target, source] = [registers & 15, registers >> 4]
    const [offset, immediate] = [code.readInt16LE(at + 2), code.readInt32LE(at + 4)]
    const value = r[target] as number
    if (op === 0x61) r[target] = context[offset / 4] as number
    else if (op === 0xbf) r[target] = r[source] as number
    else if (op === 0xb7) r[target] = immediate
    else if (op === 0x54) r[target] = (value & immediate) >>> 0
    else if (op === 0x74) r[target] = value >>> immediate
    else if (op === 0x55) pc += value !== immediate ? offset : 0
    else if (op === 0x45) pc += (value & immediate) !== 0 ? offset : 0
    else if (op === 0x05) pc += offset
    else if (op === 0x95) return r[0] === 1
    else assert.fail(`instruction ${op.toString(16)}`)
  }
  return assert.fail('does not end')
}

/** The definition: for each access bit the last rule that matches decides, and without one it is denied. */
function model(rules: readonly DeviceRule[], asked: Access): boolean {
  return Object.entries(bits).every(([letter, bit]) => {
    if (!(asked.access & bit)) return true
    const last = rules.findLast(
      ({ type = 'a', major = -1, minor = -1, access }) =>
        (type === 'a' || type === asked.type) &&
        (major < 0 || major === asked.major) &&
        (minor < 0 || minor === asked.minor) &&
        (access || 'rwm').includes(letter),
    )
    return last?.allow ?? false
  })
}

const lists: Record<string, DeviceRule[]> = {
  empty: [],
  denyAll: [{ allow: false }],
  allowAll: [{ allow: true, type: 'a' }],
  docker: [
    { allow: false, access: 'rwm' },
    { allow: true, type: 'c', access: 'm' },
    { allow: true, type: 'b', access: 'm' },
    { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' },
    { allow: true, type: 'c', major: 136, access: 'rwm' },
    { allow: true, type: 'c', major: 5, minor: 2, access: 'rw' },
  ],
  split: [
    { allow: true, type: 'c', major: 1, minor: 3, access: 'r' },
    { allow: true, type: 'c', major: 1, minor: 3, access: 'w' },
  ],
  takenBack: [{ allow: true }, { allow: false, type: 'c', major: 1, access: 'w' }, { allow: true, minor: 8 }],
}

for (const [name, rules] of Object.entries(lists)) {
  test(`the program of the list ${name} decides as the rules say`, () => {
    const program = compileDeviceProgram(rules)
    assert.equal(program.length % 8, 0)
    for (const type of ['b', 'c'] as const) {
      for (const major of [0, 1, 5, 136]) {
        for (const minor of [0, 2, 3, 8]) {
          for (let access = 1; access < 8; access++) {
            const asked = { type, major, minor, access }
            assert.equal(run(program, asked), model(rules, asked), JSON.stringify(asked))
          }
        }
      }
    }
  })
}

test('a list that does not fit is refused', () => {
  const rules = Array.from({ length: 2000 }, (_, minor) => ({ allow: true, type: 'c', major: 1, minor }))
  assert.throws(() => compileDeviceProgram(rules), { code: 'E2BIG' })
})
