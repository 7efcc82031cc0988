// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process'
import { closeSync, constants, createReadStream, openSync } from 'node:fs'

/** Makes a FIFO and gives its path. */
export function makeFifo(path: string): string {
  execFileSync('mkfifo', ['-m', '0700', path])
  return path
}

/** Everything that a FIFO gives until its end. */
export async function readAll(path: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of createReadStream(path)) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** A test that failed early may have left somebody waiting for the other end of a FIFO. */
export function releaseReaders(path: string): void {
  try {
    closeSync(openSync(path, constants.O_RDWR | constants.O_NONBLOCK))
  } catch {}
}
