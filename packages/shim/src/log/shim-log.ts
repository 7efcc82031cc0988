// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync, writeSync } from 'node:fs'

/** Where a shim tells what it does. @internal */
export interface ShimLog {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  close(): void
}

/**
 * Lines in the form of containerd's own log, into the FIFO that it reads from, in their order. A line that cannot be
 * written at once is lost: a shim never waits for its log.
 *
 * @internal
 */
export function openShimLog(path: string, debug: boolean): ShimLog {
  let fd: number | undefined
  try {
    fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_APPEND)
  } catch {
    // Without a reader, or without the FIFO, there is nobody to tell.
  }
  const line = (level: string, message: string) => {
    if (fd === undefined) return
    const time = new Date().toISOString()
    try {
      // At once: of several on their way through the thread pool any may be the first, or meet a closed descriptor.
      writeSync(fd, `time="${time}" level=${level} msg=${JSON.stringify(message)}\n`)
    } catch {
      // Nobody reads, or reads too slowly.
    }
  }
  return {
    debug: (message) => debug && line('debug', message),
    info: (message) => line('info', message),
    warn: (message) => line('warning', message),
    close: () => {
      if (fd !== undefined) closeSync(fd)
      fd = undefined
    },
  }
}
