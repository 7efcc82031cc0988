// SPDX-License-Identifier: Apache-2.0
import { open, stat } from 'node:fs/promises'

/** The most of a log that is looked at for its last error, in bytes. */
const lookBack = 64 * 1024

/** How long a runtime's log is now, so that only what follows is read later. @internal */
export async function logLength(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch {
    return 0
  }
}

/** The last error in a runtime's JSON log after `from` bytes; undefined when there is none. @internal */
export async function lastLoggedError(path: string, from: number): Promise<string | undefined> {
  try {
    await using file = await open(path, 'r')
    const { size } = await file.stat()
    const start = Math.max(from, size - lookBack)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.max(0, size - start)), 0, undefined, start)
    return errorIn(buffer.subarray(0, bytesRead).toString())
  } catch {
    return undefined
  }
}

/** The message of the last line of level `error` in JSON log lines; other lines are passed over. @internal */
export function errorIn(text: string): string | undefined {
  for (const line of text.split('\n').reverse()) {
    try {
      const { level, msg } = JSON.parse(line) as { level?: unknown; msg?: unknown }
      if (level === 'error' && typeof msg === 'string') return msg.trim()
    } catch {}
  }
  return undefined
}
