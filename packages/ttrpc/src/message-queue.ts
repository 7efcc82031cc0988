// SPDX-License-Identifier: Apache-2.0
import { streamQueueLength } from './limits.ts'

/** What a {@link MessageQueue} tells its connection. @internal */
export interface MessageQueueOwner {
  /** The queue is full: read no further until {@link drained}. */
  full(): void
  /** The queue has room again. */
  drained(): void
  /** The reader gave up before the end. */
  abandoned(): void
}

/** The messages of one direction of a stream, between the connection that receives them and their one reader. @internal */
export class MessageQueue<T> implements AsyncIterable<T> {
  #owner: MessageQueueOwner
  #messages: T[] = []
  #waiting: { resolve: (result: IteratorResult<T>) => void; reject: (error: unknown) => void }[] = []
  #end: { error?: unknown } | undefined
  #full = false

  constructor(owner: MessageQueueOwner) {
    this.#owner = owner
  }

  /** Adds a message; after the end it is dropped. */
  push(message: T): void {
    if (this.#end !== undefined) return
    const waiting = this.#waiting.shift()
    if (waiting !== undefined) {
      waiting.resolve({ done: false, value: message })
      return
    }
    this.#messages.push(message)
    if (this.#messages.length >= streamQueueLength && !this.#full) {
      this.#full = true
      this.#owner.full()
    }
  }

  /** Ends the stream, with an error when there is one. Messages before it are still read. */
  end(error?: unknown): void {
    if (this.#end !== undefined) return
    this.#end = error === undefined ? {} : { error }
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      if (error === undefined) resolve({ done: true, value: undefined })
      else reject(error)
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return {
      next: () => this.#next(),
      return: async () => {
        this.#messages = []
        this.#relax()
        if (this.#end === undefined) {
          this.end()
          this.#owner.abandoned()
        }
        return { done: true, value: undefined }
      },
    }
  }

  #next(): Promise<IteratorResult<T>> {
    const message = this.#messages.shift()
    if (message !== undefined) {
      this.#relax()
      return Promise.resolve({ done: false, value: message })
    }
    if (this.#end === undefined) return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
    if (this.#end.error !== undefined) return Promise.reject(this.#end.error)
    return Promise.resolve({ done: true, value: undefined })
  }

  #relax(): void {
    if (!this.#full || this.#messages.length > streamQueueLength / 2) return
    this.#full = false
    this.#owner.drained()
  }
}
