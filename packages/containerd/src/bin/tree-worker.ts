// SPDX-License-Identifier: Apache-2.0
// The worker thread of `TreeWorkers`: does one job on a file tree at a time.
import { parentPort } from 'node:worker_threads'
import { codeOf, messageOf } from '@teu/errors'
import { type TreeJobName, treeJobs } from '../diff/tree-jobs.ts'
import type { FromTreeWorker, ToTreeWorker } from '../diff/tree-messages.ts'

/** How many chunks may be on their way: enough to keep both sides busy. */
const window = 8

const port = parentPort!
let abort = new AbortController()
let credit = window
let wake: (() => void) | undefined

const say = (message: FromTreeWorker) => port.postMessage(message)

async function emit(data: Uint8Array): Promise<void> {
  while (credit === 0 && !abort.signal.aborted)
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  abort.signal.throwIfAborted()
  credit--
  say({ kind: 'chunk', data })
}

async function run(name: TreeJobName, input: never): Promise<void> {
  abort = new AbortController()
  credit = window
  try {
    say({ kind: 'done', result: await treeJobs[name](input, { signal: abort.signal, emit }) })
  } catch (error) {
    const { code } = error as { code?: unknown }
    const errno = typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined
    say({ kind: 'failed', code: codeOf(error), message: messageOf(error), errno })
  }
}

port.on('message', (message: ToTreeWorker) => {
  if (message.kind === 'run') void run(message.name as TreeJobName, message.input as never)
  else if (message.kind === 'abort') abort.abort()
  else credit++
  wake?.()
})
