// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/** Instructions of classic BPF that filters use (linux/filter.h). @internal */
export const bpf = {
  loadWord: 0x20,
  and: 0x54,
  jump: 0x05,
  jumpEqual: 0x15,
  jumpGreater: 0x25,
  jumpGreaterEqual: 0x35,
  result: 0x06,
} as const

/** A conditional jump. @internal */
export type ConditionalJump = typeof bpf.jumpEqual | typeof bpf.jumpGreater | typeof bpf.jumpGreaterEqual

/** A place in the program, counted from its end. @internal */
export type Label = number

const longestProgram = 4096
const farthestConditional = 255

/**
 * Assembles a program from its end to its start. All jumps of classic BPF go forward, so every target is known when a
 * jump to it is written, and a conditional jump that would be too far gets an unconditional one beside it at once.
 *
 * @internal
 */
export class BackwardAssembler {
  /** Pairs of words: operation and jumps, operand. */
  readonly #words: number[] = []

  /** The place of the instruction that was put in last, which is the first so far. */
  here(): Label {
    return this.#words.length / 2
  }

  load(offset: number): Label {
    return this.#put(bpf.loadWord, 0, 0, offset)
  }

  and(mask: number): Label {
    return this.#put(bpf.and, 0, 0, mask)
  }

  result(value: number): Label {
    return this.#put(bpf.result, 0, 0, value)
  }

  branch(op: ConditionalJump, operand: number, whenTrue: Label, whenFalse: Label): Label {
    // One less than what fits: a jump for the second target would move the first by one.
    const yes = this.#near(whenTrue, farthestConditional - 1)
    const no = this.#near(whenFalse, farthestConditional)
    return this.#put(op, this.here() - yes, this.here() - no, operand)
  }

  /** The program as an array of struct sock_filter. Throws `invalid-argument` when it is longer than the kernel takes. */
  toBytes(): Uint8Array {
    const length = this.here()
    if (length > longestProgram) {
      throw new StackError(
        'invalid-argument',
        `seccomp filter has ${length} instructions, at most ${longestProgram} fit`,
      )
    }
    // Little endian, as both machines that filters are made for.
    const program = new DataView(new ArrayBuffer(length * 8))
    for (let i = 0; i < length; i++) {
      program.setUint32(i * 8, this.#words[(length - i - 1) * 2] as number, true)
      program.setUint32(i * 8 + 4, this.#words[(length - i - 1) * 2 + 1] as number, true)
    }
    return new Uint8Array(program.buffer)
  }

  #near(target: Label, farthest: number): Label {
    const distance = this.here() - target
    return distance > farthest ? this.#put(bpf.jump, 0, 0, distance) : target
  }

  #put(code: number, whenTrue: number, whenFalse: number, operand: number): Label {
    this.#words.push(code | (whenTrue << 16) | (whenFalse << 24), operand)
    return this.here()
  }
}
