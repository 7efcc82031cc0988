// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process'
import { constants, openSync } from 'node:fs'
import { Socket } from 'node:net'

/** What a FIFO's reading end gave so far. */
export interface FifoReader {
  /** Everything, once the last writer has gone. */
  readonly whole: Promise<Buffer>
  /** What has come until now. */
  text(): string
  /** Goes away before the end. */
  close(): void
}

/** Makes a FIFO; its path. */
export function makeFifo(path: string): string {
  execFileSync('mkfifo', ['-m', '0600', path])
  return path
}

/**
 * Reads a FIFO from now on, as callers do: opened before the writer, without waiting for one, and at its end when the
 * last writer goes.
 */
export function readFifo(path: string): FifoReader {
  const socket = new Socket({
    fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK),
    readable: true,
    writable: false,
  })
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  socket.on('end', () => resolve(Buffer.concat(chunks)))
  socket.on('error', reject)
  // A writer that never comes must not keep the run from ending.
  socket.unref()
  promise.catch(() => {})
  return { whole: promise, text: () => Buffer.concat(chunks).toString(), close: () => socket.destroy() }
}

/** The writing end of a FIFO. It is opened for both directions, which is how Linux lets a writer come first. */
export function writeFifo(path: string): Socket {
  const socket = new Socket({
    fd: openSync(path, constants.O_RDWR | constants.O_NONBLOCK),
    readable: false,
    writable: true,
  })
  socket.on('error', () => {})
  return socket
}
