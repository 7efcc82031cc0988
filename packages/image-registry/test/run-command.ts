// SPDX-License-Identifier: Apache-2.0
// The commands of the program, run in this process.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { main } from '../src/program/main.ts'

/** How a command ended, and what it printed. */
export interface Outcome {
  status: number
  stdout: string
  stderr: string
}

/** Runs `teu-registry` in this process. */
export async function run(argv: readonly string[], { stdin = '', env = {}, interrupt = false } = {}): Promise<Outcome> {
  const output = { stdout: '', stderr: '' }
  const listeners = new Map<string, () => void>()
  const sink = (name: 'stdout' | 'stderr') => ({
    write(text: string) {
      output[name] += text
      if (interrupt) listeners.get('SIGINT')?.()
    },
    isTTY: false,
    columns: 80,
  })
  const status = await main(argv, {
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    stdin: (async function* () {
      yield stdin
    })(),
    env: { HOME: '/nonexistent', ...env },
    on: () => {},
    once: (signal: string, listener: () => void) => void listeners.set(signal, listener),
    removeListener: (signal: string) => void listeners.delete(signal),
  })
  return { status, ...output }
}

/** Runs a command that must exit 0; answers what it printed. */
export async function succeed(...argv: string[]): Promise<string> {
  const { status, stdout, stderr } = await run(argv)
  assert.equal(status, 0, stderr)
  return stdout
}

/** Gives a directory that is removed afterwards. */
export async function inDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'teu-commands-'))
  try {
    await body(directory)
  } finally {
    await rm(directory, { recursive: true })
  }
}
