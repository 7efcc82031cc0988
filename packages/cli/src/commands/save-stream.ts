// SPDX-License-Identifier: Apache-2.0
import { createWriteStream, existsSync, lstatSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { CommandContext } from '../context/command-context.ts'
import { write } from '../context/streams.ts'

/**
 * Writes a tar to `path`, which appears whole or not at all, or to standard output when it is empty. Refuses a
 * terminal and a path that cannot become a file, before the engine is asked.
 */
export async function saveStream(
  context: CommandContext,
  path: string,
  doing: string,
  open: () => Promise<Readable>,
): Promise<void> {
  const { stdout } = context.streams
  if (path === '') {
    if (stdout.isTTY) throw new Error('cowardly refusing to save to a terminal. Use the -o flag or redirect')
    for await (const chunk of await open()) await write(stdout, chunk as Uint8Array)
    return
  }
  const refusal = targetRefusal(path)
  if (refusal !== undefined) throw new Error(`failed to ${doing}: ${refusal}`)
  const source = await open()
  // A device or a pipe is written to as it is; only a plain file can be put in place whole.
  if (existsSync(path) && !lstatSync(path).isFile()) return pipeline(source, createWriteStream(path))
  const temporary = `${path}.tmp-${process.pid}`
  try {
    await pipeline(source, createWriteStream(temporary, { flags: 'wx', mode: 0o600 }))
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

function targetRefusal(path: string): string | undefined {
  const directory = dirname(path)
  if (!existsSync(directory)) return `invalid output path: stat ${directory}: no such file or directory`
  return existsSync(path) && lstatSync(path).isDirectory() ? 'cannot write to a directory' : undefined
}
