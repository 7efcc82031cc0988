// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/** How far a growing file is, in memory that threads share. */
export type SharedGrowth = SharedArrayBuffer

/** Where in the memory is what: 32 bits that change with everything else, how it ended, and 64 bits of length. */
const places = { turn: 0, state: 1, length: 1 } as const

const states = { growing: 0, complete: 1, failed: 2 } as const

/** How long a reader sleeps at most before it looks again whether it is still wanted, in milliseconds. */
const patienceMs = 250

const turns = (shared: SharedGrowth) => new Int32Array(shared, 0, 2)
const lengths = (shared: SharedGrowth) => new BigInt64Array(shared)

/** The two ends of a file that one thread writes and another one reads. */
export const growth = {
  create: (): SharedGrowth => new SharedArrayBuffer(16),

  /** Says that so many bytes are there. */
  advance(shared: SharedGrowth, length: number): void {
    Atomics.store(lengths(shared), places.length, BigInt(length))
    turn(shared)
  },

  /** Says that nothing more comes. The first word counts. */
  end(shared: SharedGrowth, how: 'complete' | 'failed'): void {
    Atomics.compareExchange(turns(shared), places.state, states.growing, states[how])
    turn(shared)
  },

  /**
   * Waits until there is more than `position`.
   *
   * @returns how many bytes there are; `position` itself at the end
   * @throws `not-found` when the file was given up, and the signal's reason
   */
  async beyond(shared: SharedGrowth, position: number, signal: AbortSignal): Promise<number> {
    for (;;) {
      signal.throwIfAborted()
      const now = Atomics.load(turns(shared), places.turn)
      const state = Atomics.load(turns(shared), places.state)
      if (state === states.failed) throw new StackError('not-found', 'content was not committed: not found')
      const length = Number(Atomics.load(lengths(shared), places.length))
      if (length > position || state === states.complete) return length
      await Atomics.waitAsync(turns(shared), places.turn, now, patienceMs).value
    }
  },
} as const

function turn(shared: SharedGrowth): void {
  Atomics.add(turns(shared), places.turn, 1)
  Atomics.notify(turns(shared), places.turn)
}
