// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { closeSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { acceptUnix, listenUnix, receiveFds, waitReadable } from '@teu/linux'
import type { Workshop } from './workshop.ts'

/** What a caller listens on for the terminal of one process. */
export class ConsoleSocket implements Disposable {
  readonly path: string
  readonly #listener: number

  constructor(workshop: Workshop) {
    this.path = join(workshop.directory, `console-${Math.random().toString(36).slice(2)}`)
    this.#listener = listenUnix(this.path, 8)
  }

  /** The terminal that arrives, and the name that comes with it. */
  async receive(): Promise<{ name: string; master: number }> {
    const connection = await acceptUnix(this.#listener, { timeoutMs: 5000 })
    const { data, fds } = await receiveFds(connection, { timeoutMs: 5000 })
    closeSync(connection)
    assert.equal(fds.length, 1)
    return { name: data.toString(), master: fds[0] as number }
  }

  [Symbol.dispose](): void {
    closeSync(this.#listener)
  }
}

/** Everything that is written to a terminal until the last process has closed it. */
export async function readTerminal(master: number): Promise<string> {
  const buffer = Buffer.alloc(4096)
  let text = ''
  try {
    for (;;) {
      await waitReadable(master, { timeoutMs: 5000 })
      text += buffer.toString('utf8', 0, readSync(master, buffer))
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EIO') throw error
    return text
  } finally {
    closeSync(master)
  }
}
