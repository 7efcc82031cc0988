// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { StackError } from '@teu/errors'

/** A password and the bcrypt hash that it may belong to, on the way to the worker. @internal */
export interface ComparisonRequest {
  id: number
  password: string
  hash: string
}

/** The worker's answer to a {@link ComparisonRequest}. @internal */
export interface ComparisonResult {
  id: number
  isEqual: boolean
}

/** A worker that had nothing to do for this long ends; another one starts within 50 ms. */
const idleMs = 30_000

interface Comparison {
  resolve(isEqual: boolean): void
  reject(error: Error): void
}

/**
 * Compares passwords with bcrypt hashes on a thread of its own, one after the other: a hash of cost 10 takes some 60 ms
 * of pure computing, in which the registry's own thread goes on serving. The thread starts with the first comparison,
 * ends after 30 idle seconds, and keeps no process alive while it is idle. When it dies, what it had to compare fails with `internal`.
 *
 * @internal
 */
export class PasswordHasher {
  #worker: Worker | undefined
  #timer: NodeJS.Timeout | undefined
  #lastId = 0
  readonly #pending = new Map<number, Comparison>()

  async compare(password: string, hash: string): Promise<boolean> {
    clearTimeout(this.#timer)
    this.#worker ??= this.#start()
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    const id = ++this.#lastId
    this.#pending.set(id, { resolve, reject })
    const request: ComparisonRequest = { id, password, hash }
    this.#worker.ref()
    this.#worker.postMessage(request)
    return promise
  }

  /** Ends the thread; what it still had to compare fails. */
  async close(): Promise<void> {
    clearTimeout(this.#timer)
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  #start(): Worker {
    const worker = new Worker(workerFile(), { trackUnmanagedFds: false })
    worker.on('message', (result: ComparisonResult) => this.#take(result))
    worker.on('error', (error) => this.#lose(worker, error))
    worker.on('exit', () => this.#lose(worker, new Error('the thread has ended')))
    return worker
  }

  #take({ id, isEqual }: ComparisonResult): void {
    this.#pending.get(id)?.resolve(isEqual)
    this.#pending.delete(id)
    if (this.#pending.size > 0) return
    this.#worker?.unref()
    this.#timer = setTimeout(() => void this.close(), idleMs).unref()
  }

  #lose(worker: Worker, error: Error): void {
    if (this.#worker === worker) this.#worker = undefined
    else if (this.#worker !== undefined) return
    for (const { reject } of this.#pending.values()) {
      reject(new StackError('internal', `worker of passwords: ${error.message}`, { cause: error }))
    }
    this.#pending.clear()
  }
}

/** The worker's program: the bundled one, or its source where the sources are what runs. */
function workerFile(): string {
  const root = path.dirname(createRequire(import.meta.url).resolve('@teu/image-registry/package.json'))
  const source = path.join(root, 'src/bin/password-worker.ts')
  return import.meta.url.endsWith('.ts') && existsSync(source)
    ? source
    : path.join(root, 'dist/bin/password-worker.cjs')
}
