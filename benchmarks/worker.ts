// SPDX-License-Identifier: Apache-2.0
import path from 'node:path'
import { createInterface } from 'node:readline'
import { repository } from '../e2e/harness/programs.ts'
import type { Sandbox } from '../e2e/harness/sandbox.ts'

/** A program that works once for each line it is given, so that its own start is not measured. */
export interface Worker {
  /** Gives it a line, and waits until it has worked. */
  work(line?: string): Promise<void>
  /** Lets it end. */
  end(): void
}

/** Starts a program of this folder in the sandbox's network; it answers each line of its input with one of its output. */
export function startWorker(sandbox: Sandbox, file: string, args: readonly string[]): Worker {
  const argv = ['--conditions=teu-source', path.join(repository, 'benchmarks', file), ...args]
  const child = sandbox.spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
  return {
    async work(line = '') {
      child.stdin?.write(`${line}\n`)
      const { done } = await lines.next()
      if (done) throw new Error(`${file} has ended`)
    },
    end() {
      child.stdin?.end()
    },
  }
}
