// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'

/** Writes a file of which a reader sees the old content or the new, whole, also after a crash. @internal */
export async function writeFileDurably(
  target: string,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true })
  const temporary = `${target}.${randomUUID()}.tmp`
  try {
    await using file = await open(temporary, 'wx', 0o644)
    for await (const chunk of content) await file.writeFile(chunk)
    await file.sync()
    await moveDurably(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Puts a file that is durable itself where it belongs, for good. @internal */
export async function moveDurably(file: string, target: string): Promise<void> {
  await rename(file, target)
  // Windows has no way to sync a directory.
  if (process.platform === 'win32') return
  await using folder = await open(path.dirname(target), 'r')
  await folder.sync()
}
