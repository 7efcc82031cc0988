// SPDX-License-Identifier: Apache-2.0
// The program `teu-registry serve` as a process, for tests.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** The program's source. */
export const program = fileURLToPath(new URL('../src/bin/teu-registry.ts', import.meta.url))

/** A registry that serves. */
export interface Served {
  child: ChildProcess
  url: string
  log: () => Record<string, unknown>[]
  folder: string
  /** Sends a signal and waits for the end; answers the status. */
  end(signal?: NodeJS.Signals): Promise<number | null>
}

/** Starts it on a folder of its own; `args` is given that, and says what else it is told. */
export async function serve(
  t: { after(work: () => unknown): void },
  args: (folder: string) => string[],
  env: Record<string, string> = {},
): Promise<Served> {
  const folder = await mkdtemp(path.join(tmpdir(), 'teu-serve-'))
  const argv = [
    '--conditions=teu-source',
    program,
    'serve',
    '--addr',
    '127.0.0.1:0',
    '--root',
    path.join(folder, 'root'),
  ]
  const child = spawn(process.execPath, [...argv, ...args(folder)], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  let text = ''
  child.stderr?.on('data', (chunk) => {
    text += chunk
  })
  const ended = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true })
  })
  const log = () =>
    text
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  let url: unknown
  for (let time = 0; time < 3000 && url === undefined && child.exitCode === null; time++) {
    await delay(20)
    url = log().find((entry) => entry['url'] !== undefined)?.['url']
  }
  assert.ok(typeof url === 'string', text)
  const end = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal)
    return (await ended)[0] as number | null
  }
  return { child, url, log, folder, end }
}

/** Waits for something; at most a minute, only against hanging. */
export async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let time = 0; time < 3000; time++) {
    if (await what()) return
    await delay(20)
  }
  assert.fail('it did not come to be')
}
