// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { StackError } from '@teu/errors'
import type { Garbage, GarbageItem } from './garbage.ts'

/** A message of the thread: a part of the items, as all of them at once would hold up the event loop; then the end. */
export type FromGarbageThread =
  | { kind: 'part'; items: GarbageItem[] }
  | { kind: 'done'; nextExpiry: number | undefined }
  | { kind: 'failed'; message: string }

/** The input with which the thread starts. */
export interface GarbageThreadInput {
  /** The database's file, which the thread opens for reading. */
  path: string
  /** In milliseconds since 1970. */
  now: number
}

/** `findGarbage` in a thread of its own, over what was committed when it begins. */
export async function findGarbageInThread(input: GarbageThreadInput, signal: AbortSignal): Promise<Garbage> {
  signal.throwIfAborted()
  const worker = new Worker(workerFile(), { workerData: input })
  const { promise, resolve, reject } = Promise.withResolvers<Garbage>()
  const items: GarbageItem[] = []
  const fail = (why: string, cause?: unknown) =>
    reject(new StackError('internal', `thread of the garbage collector: ${why}`, { cause }))
  worker.on('message', (message: FromGarbageThread) => {
    if (message.kind === 'part') for (const item of message.items) items.push(item)
    else if (message.kind === 'done') resolve({ items, nextExpiry: message.nextExpiry })
    else fail(message.message)
  })
  worker.once('error', (error) => fail(error.message, error))
  worker.once('exit', () => fail('it has ended'))
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', abort)
    await worker.terminate()
  }
}

/** The thread's program: the bundled one, or its source where the sources are what runs. */
function workerFile(): string {
  const root = dirname(createRequire(import.meta.url).resolve('@teu/containerd/package.json'))
  const source = join(root, 'src/bin/garbage-worker.ts')
  return import.meta.url.endsWith('.ts') && existsSync(source) ? source : join(root, 'dist/bin/garbage-worker.cjs')
}
