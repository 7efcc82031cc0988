// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { StackError } from '@teu/errors'
import type { TreeJobInput, TreeJobName, TreeJobResult } from './tree-jobs.ts'
import type { FromTreeWorker, ToTreeWorker } from './tree-messages.ts'

/** How long a worker waits for more work before it ends, in milliseconds. */
const idleMs = 3000

/** How a job is run. */
export interface RunTreeJobOptions {
  signal?: AbortSignal | undefined
  /** Takes what the job emits, one chunk at a time. */
  onChunk?: ((chunk: Uint8Array) => Promise<void>) | undefined
}

/** Worker threads for work on file trees. They start when there is work and end when there is none. */
export class TreeWorkers implements AsyncDisposable {
  readonly #limit: number
  readonly #idle: TreeWorker[] = []
  readonly #waiting: ((worker: TreeWorker | undefined) => void)[] = []
  #count = 0
  #closed = false

  /** @param limit - how many jobs run at once */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** How many jobs could begin at once. */
  get free(): number {
    return this.#limit - this.#count + this.#idle.length
  }

  /**
   * Runs a job. The order of jobs that wait is kept.
   *
   * @throws what the job throws, with its code; `cancelled` when the signal aborts
   */
  async run<N extends TreeJobName>(
    name: N,
    input: TreeJobInput<N>,
    options: RunTreeJobOptions = {},
  ): Promise<TreeJobResult<N>> {
    options.signal?.throwIfAborted()
    const worker = await this.#take()
    try {
      return (await worker.run(name, input, options)) as TreeJobResult<N>
    } finally {
      this.#give(worker)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await Promise.all(this.#idle.splice(0).map((worker) => worker.end()))
  }

  async #take(): Promise<TreeWorker> {
    const idle = this.#idle.pop()
    if (idle !== undefined) return idle.wake()
    if (this.#count < this.#limit) return this.#start()
    const { promise, resolve } = Promise.withResolvers<TreeWorker | undefined>()
    this.#waiting.push(resolve)
    return (await promise) ?? this.#start()
  }

  #start(): TreeWorker {
    this.#count++
    return new TreeWorker()
  }

  #give(worker: TreeWorker): void {
    const next = this.#waiting.shift()
    if (worker.dead) {
      this.#count--
      next?.(undefined)
    } else if (next !== undefined) next(worker)
    else if (this.#closed) void worker.end()
    else {
      this.#idle.push(worker)
      worker.sleep(idleMs, () => {
        const at = this.#idle.indexOf(worker)
        if (at < 0) return
        this.#idle.splice(at, 1)
        this.#count--
        void worker.end()
      })
    }
  }
}

interface Job {
  options: RunTreeJobOptions
  resolve(result: unknown): void
  reject(error: unknown): void
  /** Settles when every chunk so far was taken. */
  taken: Promise<void>
}

class TreeWorker {
  readonly #worker: Worker
  #job: Job | undefined
  #timer: NodeJS.Timeout | undefined
  dead = false

  constructor() {
    this.#worker = new Worker(workerFile(), { trackUnmanagedFds: false })
    this.#worker.on('message', (message: FromTreeWorker) => this.#receive(message))
    this.#worker.on('error', (error) => this.#die(error))
    this.#worker.on('exit', () => this.#die(new Error('the worker has ended')))
  }

  async run(name: TreeJobName, input: unknown, options: RunTreeJobOptions): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const job: Job = { resolve, reject, options, taken: Promise.resolve() }
    this.#job = job
    const abort = () => this.#say({ kind: 'abort' })
    options.signal?.addEventListener('abort', abort, { once: true })
    this.#worker.ref()
    this.#say({ kind: 'run', name, input })
    try {
      return await promise
    } finally {
      options.signal?.removeEventListener('abort', abort)
      this.#job = undefined
      if (!this.dead) this.#worker.unref()
    }
  }

  sleep(ms: number, done: () => void): void {
    this.#timer = setTimeout(done, ms).unref()
  }

  wake(): this {
    clearTimeout(this.#timer)
    return this
  }

  async end(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#worker.terminate()
  }

  #say(message: ToTreeWorker): void {
    this.#worker.postMessage(message)
  }

  #receive(message: FromTreeWorker): void {
    const job = this.#job
    if (job === undefined) return
    if (message.kind === 'chunk') job.taken = job.taken.then(() => this.#hand(job, message.data))
    // What was emitted before the end is taken before the end.
    else if (message.kind === 'done') job.taken.then(() => job.resolve(message.result), job.reject)
    else job.taken.then(() => job.reject(errorOf(message)), job.reject)
  }

  /** A taker that fails ends the job, but the worker is free only when the job says so itself. */
  async #hand(job: Job, chunk: Uint8Array): Promise<void> {
    try {
      await job.options.onChunk?.(chunk)
    } catch (error) {
      this.#say({ kind: 'abort' })
      throw error
    }
    this.#say({ kind: 'more' })
  }

  #die(error: Error): void {
    this.dead = true
    this.#job?.reject(new StackError('internal', `worker of file trees: ${error.message}`, { cause: error }))
  }
}

function errorOf(message: Extract<FromTreeWorker, { kind: 'failed' }>): Error {
  const { code, errno } = message
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return new StackError('resource-exhausted', message.message)
  return new StackError(code, message.message)
}

/** The worker's program: the bundled one, or its source where the sources are what runs. */
function workerFile(): string {
  const root = dirname(createRequire(import.meta.url).resolve('@teu/containerd/package.json'))
  const source = join(root, 'src/bin/tree-worker.ts')
  return import.meta.url.endsWith('.ts') && existsSync(source) ? source : join(root, 'dist/bin/tree-worker.cjs')
}
