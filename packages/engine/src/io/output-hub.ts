// SPDX-License-Identifier: Apache-2.0
import type { ContainerLog } from '../logs/log-driver.ts'

/** Someone who watches a process's output. */
export interface OutputListener {
  /** Takes a chunk. A promise means "full": no more is read from the process until it settles. */
  output(stream: 'stdout' | 'stderr', chunk: Uint8Array): Promise<void> | undefined
  /** The process has ended and everything was delivered. */
  ended(): void
}

/**
 * Where the output of one process goes: into its log, and to whoever is attached. It exists before the process
 * does, so that a client that attaches first misses nothing.
 */
export class OutputHub {
  readonly #log: ContainerLog | undefined
  readonly #listeners = new Set<OutputListener>()

  constructor(log: ContainerLog | undefined) {
    this.#log = log
  }

  attach(listener: OutputListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Hands a chunk to all; the promise, if any, settles when every listener can take more. */
  write(stream: 'stdout' | 'stderr', chunk: Uint8Array): Promise<unknown> | undefined {
    this.#log?.write(stream, chunk)
    let waits: Promise<void>[] | undefined
    for (const listener of this.#listeners) {
      const wait = listener.output(stream, chunk)
      if (wait) waits = [...(waits ?? []), wait]
    }
    return waits && Promise.all(waits)
  }

  /** The process has ended: keeps unfinished lines, and lets listeners go. */
  end(): void {
    this.#log?.flush()
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    for (const listener of listeners) listener.ended()
  }
}
