// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, mkdirSync, openSync, rmSync } from 'node:fs'
import path from 'node:path'
import { isErrno, makeFifo } from '@teu/linux'

/** Which streams a process has. */
export interface StreamSelection {
  stdin: boolean
  stdout: boolean
  /** Never together with a terminal, whose output is one stream. */
  stderr: boolean
}

/** Paths as the containerd API takes them; empty for a stream that the process does not have. */
export interface FifoPaths {
  stdin: string
  stdout: string
  stderr: string
}

/** Where the FIFOs of one process are. */
export function fifoPaths(directory: string, streams: StreamSelection): FifoPaths {
  const at = (name: 'stdin' | 'stdout' | 'stderr') => (streams[name] ? path.join(directory, name) : '')
  return { stdin: at('stdin'), stdout: at('stdout'), stderr: at('stderr') }
}

/** Makes the FIFOs, readable by us alone. Those of an earlier run are replaced, and with them what was unread. */
export function makeFifos(directory: string, paths: FifoPaths): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  for (const file of Object.values(paths)) {
    if (file === '') continue
    try {
      makeFifo(file)
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error
      rmSync(file)
      makeFifo(file)
    }
  }
}

/**
 * Opens the end that reads output, without waiting for a writer. A read without any writer would be an end of file:
 * hold {@link openWriter} until the task has been created.
 */
export function openReader(file: string): number {
  return openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
}

/** Opens the end that writes. Opened for both directions, it needs nobody at the other end. */
export function openWriter(file: string): number {
  return openSync(file, constants.O_RDWR | constants.O_NONBLOCK)
}

/** Closes descriptors, whatever is wrong with them. */
export function closeAll(descriptors: readonly number[]): void {
  for (const fd of descriptors) {
    try {
      closeSync(fd)
    } catch {
      // There is nothing to be done about a descriptor that cannot be closed.
    }
  }
}
