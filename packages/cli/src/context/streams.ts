// SPDX-License-Identifier: Apache-2.0
import type { Readable, Writable } from 'node:stream'

/** Where a command reads; `isTTY` and `setRawMode` are there when it is a terminal. @public */
export interface InputStream extends Readable {
  readonly isTTY?: boolean
  setRawMode?(on: boolean): unknown
}

/** Where a command writes; `columns` and `rows` are there when it is a terminal. @public */
export interface OutputStream extends Writable {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** The three standard streams of one invocation. @public */
export interface CliStreams {
  readonly stdin: InputStream
  readonly stdout: OutputStream
  readonly stderr: OutputStream
}

/** Writes with back-pressure: settles when the stream can take more. A closed stream swallows. */
export function write(stream: Writable, chunk: string | Uint8Array): Promise<void> | undefined {
  if (stream.destroyed || stream.writableEnded) return undefined
  if (stream.write(chunk)) return undefined
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done).off('close', done).off('error', done)
      resolve()
    }
    stream.once('drain', done).once('close', done).once('error', done)
  })
}

/** Settles when everything written so far is out, or can no longer get out. */
export function flushed(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableEnded || stream.writableLength === 0) return resolve()
    stream.once('error', resolve).once('close', resolve)
    stream.write('', () => resolve())
  })
}

/** Height and width of a terminal; zeros when `stream` is none. */
export function terminalSize(stream: OutputStream): { height: number; width: number } {
  return { height: stream.rows ?? 0, width: stream.columns ?? 0 }
}
