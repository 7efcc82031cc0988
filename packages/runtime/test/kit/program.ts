// SPDX-License-Identifier: Apache-2.0
import { type SpawnSyncOptions, spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Workshop } from './workshop.ts'

/** The source of `teu-runtime`. */
export const program = join(
  dirname(createRequire(import.meta.url).resolve('@teu/runtime/package.json')),
  'src/bin/teu-runtime.ts',
)

/** Arguments of Node that run it. */
export const programArguments = ['--conditions=teu-source', program]

/** How a call ended. */
export interface Result {
  status: number | null
  stdout: string
  stderr: string
}

/** Calls the program on the state directory of a workshop. */
export function teu(workshop: Workshop, args: readonly string[], options: SpawnSyncOptions = {}): Result {
  return call(process.execPath, [...programArguments, '--root', workshop.root, ...args], options)
}

/** Calls any program. */
export function call(file: string, args: readonly string[], options: SpawnSyncOptions = {}): Result {
  const { status, stdout, stderr } = spawnSync(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
    ...options,
    encoding: 'utf8',
  })
  return { status, stdout: stdout ?? '', stderr: stderr ?? '' }
}
