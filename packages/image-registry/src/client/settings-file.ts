// SPDX-License-Identifier: Apache-2.0
import { readdir, readFile } from 'node:fs/promises'
import { getSystemErrorMessage } from 'node:util'
import { StackError } from '@teu/errors'

/**
 * Reads a file of this machine's settings, as text; `undefined` when there is none. One that is there and cannot be read
 * is `invalid-argument`: to go on without it would be to go on with other settings than were asked for.
 *
 * @internal
 */
export function readSettingsFile(file: string): Promise<string | undefined> {
  return unlessMissing(file, readFile(file, 'utf8'))
}

/** The names in a folder of settings, under the terms of {@link readSettingsFile}. @internal */
export function readSettingsFolder(directory: string): Promise<string[] | undefined> {
  return unlessMissing(directory, readdir(directory))
}

async function unlessMissing<T>(file: string, reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw unreadable(file, error)
  }
}

/** The error of a file that cannot be read, whose text names it once. @internal */
export function unreadable(file: string, error: unknown): StackError {
  const { errno, message } = error as NodeJS.ErrnoException
  const why = errno === undefined ? message : getSystemErrorMessage(errno)
  return new StackError('invalid-argument', `cannot read ${file}: ${why}`, { cause: error })
}
