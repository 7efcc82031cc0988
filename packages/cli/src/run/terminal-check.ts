// SPDX-License-Identifier: Apache-2.0
import type { CliStreams } from '../context/streams.ts'

/** Throws `the input device is not a TTY` when a terminal is asked for and stdin, which is attached, is none. */
export function checkTerminal({ stdin }: CliStreams, attachStdin: boolean | undefined, tty: boolean | undefined): void {
  if (attachStdin && tty && !stdin.isTTY) throw new Error('the input device is not a TTY')
}
