// SPDX-License-Identifier: Apache-2.0
import type { ProgressMessage } from '@teu/engine-api'
import type { OutputStream } from '../context/streams.ts'
import { escapeControl } from '../format/escape-control.ts'
import { renderProgress } from './progress-bar.ts'

/** How progress is shown. */
export interface ShowProgressOptions {
  /** Show nothing; failures still reject. */
  readonly quiet?: boolean
  /** Called for results that are for programs. */
  readonly onAux?: (aux: unknown) => void
}

/**
 * Shows a stream of progress messages: on a terminal, lines with an id are redrawn in place; elsewhere, one line a
 * change of state. Rejects with the text of the message that reports a failure.
 */
export async function showProgress(
  messages: AsyncIterable<ProgressMessage>,
  output: OutputStream,
  { quiet = false, onAux }: ShowProgressOptions = {},
): Promise<void> {
  const screen = new ProgressScreen(output)
  for await (const message of messages) {
    const failure = message.errorDetail?.message ?? message.error
    if (failure !== undefined) throw new Error(failure)
    if (message.aux !== undefined) onAux?.(message.aux)
    else if (!quiet) screen.show(message)
  }
}

/** Lines by id, each at a fixed place below where the first one was written. */
class ProgressScreen {
  readonly #output: OutputStream
  readonly #lineOf = new Map<string, number>()

  constructor(output: OutputStream) {
    this.#output = output
  }

  show(message: ProgressMessage): void {
    const terminal = this.#output.isTTY === true
    const up = this.#place(message, terminal)
    const text = terminal ? terminalText(message, this.#output.columns ?? 80) : plainText(message)
    const move = (letter: string) => (up > 0 && terminal ? `\u001b[${up}${letter}` : '')
    this.#output.write(`${move('A')}${text}${message.id ? move('B') : ''}`)
  }

  /** How many lines above the cursor the message belongs. */
  #place(message: ProgressMessage, terminal: boolean): number {
    const { id } = message
    if (!id || (message.progressDetail === undefined && !message.progress)) {
      // A line without a place of its own goes below all others, which from then on stay as they are.
      this.#lineOf.clear()
      return 0
    }
    if (!this.#lineOf.has(id)) {
      this.#lineOf.set(id, this.#lineOf.size)
      if (terminal) this.#output.write('\n')
    }
    return this.#lineOf.size - (this.#lineOf.get(id) as number)
  }
}

function prefixOf({ id }: ProgressMessage): string {
  return id ? `${escapeControl(id)}: ` : ''
}

function terminalText(message: ProgressMessage, columns: number): string {
  if (message.stream) return escapeControl(message.stream, '\n\r\t')
  const status = escapeControl(message.status ?? '')
  if (message.progressDetail === undefined) return `${prefixOf(message)}${status}\n`
  return `\u001b[2K\r${prefixOf(message)}${status} ${renderProgress(message.progressDetail, columns)}\r`
}

/** A line for a log; steps of a transfer that only move a bar say nothing. */
function plainText(message: ProgressMessage): string {
  if (renderProgress(message.progressDetail, 0) !== '') return ''
  if (message.stream) return escapeControl(message.stream, '\n\r\t')
  return `${prefixOf(message)}${escapeControl(message.status ?? '')}\n`
}
