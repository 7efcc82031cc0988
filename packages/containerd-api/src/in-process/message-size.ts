// SPDX-License-Identifier: Apache-2.0

/** A field's tag and length, or a number, take no more than this on the wire. */
const fieldBytes = 16

/**
 * How many bytes a message has on the wire at most, told without encoding it, up to a limit: what is beyond it does not
 * matter to the caller, who then encodes.
 */
export function messageSizeBound(message: unknown, limit: number): number {
  let size = 0
  const open: unknown[] = [message]
  while (open.length > 0 && size <= limit) {
    const value = open.pop()
    size += fieldBytes
    // A character of UTF-16 is three bytes of UTF-8 at most.
    if (typeof value === 'string') size += 3 * value.length
    else if (value instanceof Uint8Array) size += value.length
    else if (Array.isArray(value)) for (const item of value) open.push(item)
    else if (typeof value === 'object' && value !== null)
      for (const key in value) {
        // The key counts where the object is a map.
        size += 3 * key.length
        open.push((value as Record<string, unknown>)[key])
      }
  }
  return size
}
