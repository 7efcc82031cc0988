// SPDX-License-Identifier: Apache-2.0
import { closeSync, existsSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { openFailure } from '../flags/env-file.ts'

/** The file that `--cidfile` names, or none: opened before the container is made, kept only when it was. */
export interface CidFile {
  write(id: string): void
  /** Removes the file unless an id was written. */
  close(): void
}

/** Opens a new file. Throws with docker's text when it exists or cannot be made; an empty path is no file at all. */
export function openCidFile(path: string): CidFile {
  if (path === '') return { write: () => {}, close: () => {} }
  if (existsSync(path)) {
    throw new Error(`container ID file found, make sure the other container isn't running or delete ${path}`)
  }
  let descriptor: number
  try {
    descriptor = openSync(path, 'wx', 0o666)
  } catch (error) {
    throw new Error(`failed to create the container ID file: ${openFailure(path, error).message}`)
  }
  let written = false
  return {
    write: (id) => {
      writeSync(descriptor, id)
      written = true
    },
    close: () => {
      closeSync(descriptor)
      if (!written) unlinkSync(path)
    },
  }
}
