// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '@teu/oci-spec/image'
import type { CopyEvent } from '../client/copy.ts'
import type { PullEvent } from '../client/pull.ts'
import { formatSize } from './run.ts'
import type { Output } from './surroundings.ts'

/** Anything that a transfer tells. @internal */
export type TransferEvent = PullEvent | CopyEvent

/** Milliseconds between two pictures on a terminal. */
const frameMs = 100
/** Lines of blobs that are shown at a time. */
const maximumLines = 10

interface Line {
  descriptor: Descriptor
  moved: number
}

/**
 * Shows transfers: on a terminal a line for each blob that is under way, elsewhere a line for each that is done.
 *
 * @internal
 */
export class Progress implements Disposable {
  #output: Output | undefined
  readonly #active = new Map<string, Line>()
  #planned = 0
  #done = 0
  #drawn = 0
  #frame: NodeJS.Timeout | undefined

  /** Without an output nothing is shown. */
  constructor(output: Output | undefined) {
    this.#output = output
  }

  /** Takes an event. */
  readonly hear = (event: TransferEvent): void => {
    const { descriptor } = event
    if (event.type === 'planned') this.#planned++
    if (event.type === 'progress') {
      const moved = 'received' in event ? event.received : event.sent
      this.#active.set(descriptor.digest, { descriptor, moved })
    }
    if (event.type === 'exists') this.#finish(descriptor, 'exists')
    if (event.type === 'completed') this.#finish(descriptor, 'outcome' in event ? describe(event.outcome) : 'done')
    // What happens between two pictures is in the next one.
    if (this.#output?.isTTY) this.#frame ??= setTimeout(() => this.#draw(), frameMs)
  }

  #finish(descriptor: Descriptor, what: string): void {
    this.#active.delete(descriptor.digest)
    this.#done++
    this.#erase()
    this.#output?.write(`${shortDigest(descriptor)}  ${formatSize(descriptor.size).padStart(8)}  ${what}\n`)
  }

  #draw(): void {
    this.#frame = undefined
    const output = this.#output
    this.#erase()
    const lines = [...this.#active.values()].slice(0, maximumLines).map((line) => bar(line, output?.columns ?? 80))
    if (this.#planned > 0) lines.push(`${this.#done} of ${this.#planned} blobs`)
    output?.write(lines.map((line) => `${line}\n`).join(''))
    this.#drawn = lines.length
  }

  /** Goes up over what was drawn and clears it, from the first column: what somebody typed may stand there. */
  #erase(): void {
    if (this.#drawn > 0) this.#output?.write(`\r\x1b[${this.#drawn}A\x1b[J`)
    this.#drawn = 0
  }

  /** Takes the picture away. */
  [Symbol.dispose](): void {
    clearTimeout(this.#frame)
    this.#erase()
    // A transfer that was broken off may still tell something.
    this.#output = undefined
  }
}

function describe(outcome: { kind: 'exists' } | { kind: 'mounted'; from: string } | { kind: 'sent' }): string {
  return outcome.kind === 'mounted' ? `mounted from ${outcome.from}` : outcome.kind === 'sent' ? 'done' : 'exists'
}

function shortDigest({ digest }: Descriptor): string {
  return digest.slice(digest.indexOf(':') + 1).slice(0, 12)
}

function bar({ descriptor, moved }: Line, width: number): string {
  const share = descriptor.size === 0 ? 1 : Math.min(1, moved / descriptor.size)
  const text = `${formatSize(moved)} of ${formatSize(descriptor.size)}`
  const room = Math.max(0, Math.min(40, width - 12 - text.length - 8))
  const filled = Math.round(share * room)
  return `${shortDigest(descriptor)}  [${'='.repeat(filled)}${' '.repeat(room - filled)}]  ${text}`.slice(0, width - 1)
}
