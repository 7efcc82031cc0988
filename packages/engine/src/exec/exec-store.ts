// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { ExecSession } from './exec-session.ts'

/** How long the result of an ended process can be asked for, in milliseconds. */
const keptAfterEnd = 5 * 60_000

/** The processes that were added to containers of this engine since it started. */
export class ExecStore {
  readonly #sessions = new Map<string, ExecSession>()

  add(exec: ExecSession): void {
    this.#sweep()
    this.#sessions.set(exec.id, exec)
  }

  /** `not-found` when there is none of that id. */
  find(id: string): ExecSession {
    const exec = this.#sessions.get(id)
    if (!exec) throw new StackError('not-found', `No such exec instance: ${id}`)
    return exec
  }

  get(id: string): ExecSession | undefined {
    return this.#sessions.get(id)
  }

  *ofContainer(containerId: string): Iterable<ExecSession> {
    for (const exec of this.#sessions.values()) if (exec.containerId === containerId) yield exec
  }

  /** The ones that run or are being started, as far as is known. */
  running(): ExecSession[] {
    return [...this.#sessions.values()].filter(({ status }) => status === 'running' || status === 'starting')
  }

  removeContainer(containerId: string): void {
    for (const exec of [...this.ofContainer(containerId)]) this.#sessions.delete(exec.id)
  }

  /** Sweeping when something is added bounds memory by the rate of adding, without a timer. */
  #sweep(): void {
    const limit = Date.now() - keptAfterEnd
    for (const [id, { endedAt }] of this.#sessions)
      if (endedAt !== undefined && endedAt < limit) this.#sessions.delete(id)
  }
}
