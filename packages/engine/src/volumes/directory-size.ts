// SPDX-License-Identifier: Apache-2.0
import { lstat, opendir } from 'node:fs/promises'
import path from 'node:path'

/** The bytes of all files under a directory of ours; links are not followed. */
export async function directorySize(directory: string): Promise<number> {
  let total = 0
  for await (const entry of await opendir(directory)) {
    const file = path.join(directory, entry.name)
    if (entry.isDirectory()) total += await directorySize(file)
    else total += (await lstat(file)).size
  }
  return total
}
