// SPDX-License-Identifier: Apache-2.0
import type { Writable } from 'node:stream'

/** Settles when a stream that was full can take more, or has been closed. It leaves no listener behind. */
export function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done).off('close', done)
      resolve()
    }
    stream.once('drain', done).once('close', done)
  })
}
