// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net'
import { basename } from 'node:path'
import { connectShim, type ShimConnection, type StartReply, type TaskService } from '@teu/shim-api'

/** The program of our own shim, which can serve a whole namespace and finds its containers again after a crash. */
const ownBinary = 'containerd-shim-teu-v1'

/** Whether a shim is ours, by its program's name. */
export function isOwnShim(binary: string | undefined): boolean {
  return binary !== undefined && basename(binary).startsWith(ownBinary)
}

/**
 * A running shim and the one connection to it, which all its tasks share. It ends when the connection does.
 */
export class Shim {
  readonly namespace: string
  readonly reply: StartReply
  /** Its program; undefined for a shim of an earlier daemon that did not note it. */
  readonly binary: string | undefined
  readonly tasks = new Set<string>()
  readonly #connection: ShimConnection
  readonly #logs = new Set<Socket>()
  #closing = false
  #closed = false

  constructor(namespace: string, reply: StartReply, binary: string | undefined, died: (shim: Shim) => void) {
    this.namespace = namespace
    this.reply = reply
    this.binary = binary
    this.#connection = connectShim(reply)
    void this.#connection.client.closed.then(() => {
      this.#closed = true
      for (const log of this.#logs) log.destroy()
      if (!this.#closing) died(this)
    })
  }

  get task(): TaskService {
    return this.#connection.task
  }

  /** Whether it takes every task of its namespace that names no group. */
  get servesNamespace(): boolean {
    return this.reply.serves === 'namespace'
  }

  get isOwn(): boolean {
    return isOwnShim(this.binary)
  }

  get alive(): boolean {
    return !this.#closed && !this.#closing
  }

  /** Takes over a log of the shim, and closes it when the daemon or the shim ends the connection. */
  attachLog(log: Socket): void {
    if (this.#closed) log.destroy()
    else this.#logs.add(log)
  }

  /** Ends the connection; the shim and its tasks go on. */
  disconnect(): void {
    this.#closing = true
    this.#connection.close()
  }
}
