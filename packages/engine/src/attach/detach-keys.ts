// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/** Control characters by the key that is pressed with ctrl, beside the letters. */
const controls: Readonly<Record<string, number>> = { '@': 0, '[': 27, '\\': 28, ']': 29, '^': 30, _: 31 }

/** The keys that detach when none are asked for. */
export const defaultDetachKeys = 'ctrl-p,ctrl-q'

/**
 * Bytes of a key sequence such as `ctrl-p,ctrl-q`, `a,DEL`. Throws `invalid-argument` for what is no key. Empty means
 * the default.
 */
export function parseDetachKeys(text: string | undefined): number[] {
  return (text || defaultDetachKeys).split(',').map((key) => {
    if (key === 'DEL') return 127
    const control = /^ctrl-([a-zA-Z@[\\\]^_])$/.exec(key)?.[1]
    if (control !== undefined) return controls[control] ?? control.toLowerCase().charCodeAt(0) - 96
    if (key.length === 1 && key.charCodeAt(0) < 128) return key.charCodeAt(0)
    throw new StackError('invalid-argument', `Invalid detach keys (${text}) provided: Unknown character: '${key}'`)
  })
}

/**
 * Watches input for the keys. What may become the sequence is held back until it is certain that it does not, so the
 * process never sees a detach.
 */
export class DetachFilter {
  readonly #keys: readonly number[]
  #matched = 0

  constructor(keys: readonly number[]) {
    this.#keys = keys
  }

  /** What to pass on of a chunk, and whether the sequence was completed in it. */
  filter(chunk: Uint8Array): { pass: Uint8Array; detached: boolean } {
    const pass: number[] = []
    for (const byte of chunk) {
      if (byte === this.#keys[this.#matched]) {
        this.#matched++
        if (this.#matched === this.#keys.length) return { pass: Uint8Array.from(pass), detached: true }
        continue
      }
      pass.push(...this.#keys.slice(0, this.#matched))
      // The byte that broke the sequence may begin another.
      this.#matched = byte === this.#keys[0] ? 1 : 0
      if (this.#matched === 0) pass.push(byte)
    }
    return { pass: Uint8Array.from(pass), detached: false }
  }
}
