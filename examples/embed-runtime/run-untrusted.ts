// SPDX-License-Identifier: Apache-2.0
import { text } from 'node:stream/consumers'
import { sandbox } from '@teu/runtime'

/** Runs JavaScript that nobody has read, with `input` as its standard input; resolves with what it printed. */
export async function runUntrusted(code: string, input: string, signal = AbortSignal.timeout(10_000)): Promise<string> {
  await using box = await sandbox(['/node', '-e', code], {
    mounts: [{ source: process.execPath, destination: '/node' }],
    limits: { memoryBytes: 2 ** 30, pids: 32 },
    signal,
  })
  box.stdin.end(input)
  const [output, errors, { exitCode }] = await Promise.all([text(box.stdout), text(box.stderr), box.exited])
  if (exitCode !== 0) throw new Error(`exit status ${exitCode}: ${errors.trim()}`)
  return output
}
