// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'

/** A system call as a filter sees it (struct seccomp_data). */
export interface Call {
  /** Audit number of the architecture, linux/audit.h. */
  arch: number
  /** As the kernel has it: for x32 with bit 30. */
  nr: number
  /** Up to six, 64 bits wide. */
  args?: readonly bigint[]
}

const op = { load: 0x20, and: 0x54, jump: 0x05, equal: 0x15, greater: 0x25, notLess: 0x35, result: 0x06 } as const
const dataLength = 64
const longest = 4096

/**
 * Runs filters as the kernel does. What the kernel's own checker refuses at load time (seccomp_check_filter) is an
 * error already when the evaluator is made.
 */
export class FilterEvaluator {
  readonly length: number
  readonly #codes: Uint16Array
  readonly #operands: Uint32Array
  readonly #whenTrue: Uint8Array
  readonly #whenFalse: Uint8Array
  readonly #data = new DataView(new ArrayBuffer(dataLength))
  /** Instructions that were executed by any call so far. */
  readonly executed: Uint8Array

  constructor(filter: Uint8Array) {
    assert.equal(filter.length % 8, 0)
    const view = new DataView(filter.buffer, filter.byteOffset, filter.length)
    this.length = filter.length / 8
    assert.ok(this.length > 0 && this.length <= longest, `${this.length} instructions`)
    this.#codes = Uint16Array.from({ length: this.length }, (_, i) => view.getUint16(i * 8, true))
    this.#whenTrue = Uint8Array.from({ length: this.length }, (_, i) => view.getUint8(i * 8 + 2))
    this.#whenFalse = Uint8Array.from({ length: this.length }, (_, i) => view.getUint8(i * 8 + 3))
    this.#operands = Uint32Array.from({ length: this.length }, (_, i) => view.getUint32(i * 8 + 4, true))
    this.executed = new Uint8Array(this.length)
    this.#check()
  }

  /** What the filter answers: an action in the upper half, its data in the lower. */
  run({ arch, nr, args = [] }: Call): number {
    const data = this.#data
    data.setUint32(0, nr >>> 0, true)
    data.setUint32(4, arch, true)
    for (let i = 0; i < 6; i++) data.setBigUint64(16 + i * 8, args[i] ?? 0n, true)
    let accumulator = 0
    for (let at = 0; ; at++) {
      this.executed[at] = 1
      const operand = this.#operands[at] as number
      const next = (holds: boolean) => (holds ? this.#whenTrue[at] : this.#whenFalse[at]) as number
      switch (this.#codes[at]) {
        case op.load:
          accumulator = data.getUint32(operand, true)
          break
        case op.and:
          accumulator = (accumulator & operand) >>> 0
          break
        case op.jump:
          at += operand
          break
        case op.equal:
          at += next(accumulator === operand)
          break
        case op.greater:
          at += next(accumulator > operand)
          break
        case op.notLess:
          at += next(accumulator >= operand)
          break
        default:
          return operand
      }
    }
  }

  #check(): void {
    const known: ReadonlySet<number> = new Set(Object.values(op))
    for (let at = 0; at < this.length; at++) {
      const [code, operand] = [this.#codes[at] as number, this.#operands[at] as number]
      assert.ok(known.has(code), `instruction ${at} is ${code.toString(16)}`)
      if (code === op.load) assert.ok(operand % 4 === 0 && operand < dataLength, `${at} loads from ${operand}`)
      const targets =
        code === op.jump
          ? [operand]
          : [op.equal, op.greater, op.notLess].includes(code as 0x15)
            ? [this.#whenTrue[at], this.#whenFalse[at]]
            : []
      for (const target of targets) assert.ok(at + 1 + (target as number) < this.length, `${at} jumps out`)
    }
    assert.equal(this.#codes[this.length - 1], op.result, 'the program does not end in an answer')
  }
}
