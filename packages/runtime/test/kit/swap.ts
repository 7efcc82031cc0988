// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Workshop } from './workshop.ts'

const source = join(dirname(createRequire(import.meta.url).resolve('@teu/linux/package.json')), 'native/test/swap.c')

/**
 * Exchanges two paths as fast as the machine can, until it is disposed of: what a container does that races with the
 * runtime. It runs on the host, where it is faster than in any container.
 */
export class Swap implements AsyncDisposable {
  readonly #child: ChildProcess

  constructor(workshop: Workshop, path: string, other: string) {
    const program = join(workshop.directory, 'swap')
    if (!existsSync(program)) {
      const { status, stderr } = spawnSync('cc', ['-O2', source, '-o', program], { encoding: 'utf8' })
      assert.equal(status, 0, stderr)
    }
    this.#child = spawn(program, [path, other], { stdio: ['pipe', 'ignore', 'inherit'] })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.stdin?.end()
    const [status] = await ended
    assert.equal(status, 0, 'the paths were exchanged all the time')
  }
}

/** Calls `round` until it was called `rounds` times or `milliseconds` have passed; gives the number of calls. */
export async function race(
  { rounds, milliseconds }: { rounds: number; milliseconds: number },
  round: (index: number) => Promise<void>,
): Promise<number> {
  const end = performance.now() + milliseconds
  let index = 0
  while (index < rounds && performance.now() < end) await round(index++)
  return index
}
