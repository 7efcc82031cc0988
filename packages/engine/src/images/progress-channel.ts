// SPDX-License-Identifier: Apache-2.0
import type { ProgressMessage } from '@teu/engine-api'

/** The least time between two counters of one layer, milliseconds. */
const counterInterval = 100

/**
 * Where the parts of a transfer report, and one reader takes the lines out in order. A counter that the reader has
 * not taken yet is replaced by the next one of the same layer, so a slow reader costs no memory.
 */
export class ProgressChannel {
  readonly #lines: ProgressMessage[] = []
  readonly #counters = new Map<string, { line: ProgressMessage; at: number }>()
  #wake: (() => void) | undefined

  /** Reports a change of state. */
  push(line: ProgressMessage): void {
    if (line.id !== undefined) this.#counters.delete(line.id)
    this.#lines.push(line)
    this.#wake?.()
  }

  /** Reports how far a layer is: at most ten times a second, and always its end. */
  count(status: string, id: string, current: number, total: number): void {
    const now = performance.now()
    const last = this.#counters.get(id)
    if (last && now - last.at < counterInterval && current < total) return
    const line: ProgressMessage = { status, id, progressDetail: { current, total }, progress: bar(current, total) }
    const waiting = last ? this.#lines.indexOf(last.line) : -1
    if (waiting >= 0) this.#lines[waiting] = line
    else this.#lines.push(line)
    this.#counters.set(id, { line, at: now })
    this.#wake?.()
  }

  /**
   * Runs `work` and yields what it reports until it is done; its failure is thrown after its last line. A reader that
   * leaves early aborts the work and waits for it to end.
   */
  async *during(work: (signal: AbortSignal) => Promise<void>, signal?: AbortSignal): AsyncGenerator<ProgressMessage> {
    const abort = new AbortController()
    const combined = signal ? AbortSignal.any([signal, abort.signal]) : abort.signal
    let ended = false
    const running = work(combined).finally(() => {
      ended = true
      this.#wake?.()
    })
    running.catch(() => {})
    try {
      while (!ended || this.#lines.length > 0) {
        const line = this.#lines.shift()
        if (line) yield line
        else await new Promise<void>((resolve) => (this.#wake = resolve))
      }
      await running
    } finally {
      abort.abort()
      await running.catch(() => {})
    }
  }
}

const barWidth = 50

/** The bar that clients before 2015 could not draw themselves; others still get it. */
function bar(current: number, total: number): string {
  if (total <= 0) return sizeOf(current)
  const filled = Math.min(barWidth, Math.floor((current * barWidth) / total))
  const drawn = `${'='.repeat(filled)}${filled < barWidth ? '>' : ''}`.padEnd(barWidth)
  return `[${drawn}]  ${sizeOf(current)}/${sizeOf(total)}`
}

/** Bytes in powers of a thousand with four significant digits, as Docker prints them. */
function sizeOf(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let size = bytes
  let unit = 0
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000
    unit++
  }
  return `${Number(size.toPrecision(4))}${units[unit]}`
}
