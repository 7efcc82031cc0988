// SPDX-License-Identifier: Apache-2.0

/** What leaves an attached terminal unless the user says otherwise. */
export const defaultDetachKeys = 'ctrl-p,ctrl-q'

/**
 * The bytes of a key sequence: comma-separated characters and `ctrl-` with a letter or one of `@ [ \ ] ^ _`. Throws
 * for a key that is neither.
 */
export function parseDetachKeys(text: string): Uint8Array {
  return Uint8Array.from(text.split(',').map(keyByte))
}

function keyByte(key: string): number {
  if (key === 'DEL') return 127
  if (key.length === 1 && key.charCodeAt(0) < 128) return key.charCodeAt(0)
  const control = /^ctrl-([a-z@[\\\]^_])$/.exec(key.toLowerCase())
  if (!control) throw new Error(`Unknown character: '${key}'`)
  return (control[1] as string).toUpperCase().charCodeAt(0) - 64
}

/**
 * Finds a key sequence in what is typed, however it is cut into chunks. Bytes that may still become the sequence
 * are held back until it is clear that they do not.
 */
export class DetachDetector {
  readonly #keys: Uint8Array
  #matched = 0

  constructor(keys: Uint8Array) {
    this.#keys = keys
  }

  /** What of `chunk` (and of what was held back) goes on, and whether the sequence is complete. */
  feed(chunk: Uint8Array): { forward: Uint8Array; detached: boolean } {
    const out: number[] = []
    for (const byte of chunk) {
      if (byte === this.#keys[this.#matched]) {
        this.#matched++
        if (this.#matched === this.#keys.length) return { forward: Uint8Array.from(out), detached: true }
        continue
      }
      out.push(...this.#keys.subarray(0, this.#matched))
      this.#matched = byte === this.#keys[0] ? 1 : 0
      if (this.#matched === 0) out.push(byte)
    }
    return { forward: Uint8Array.from(out), detached: false }
  }
}
