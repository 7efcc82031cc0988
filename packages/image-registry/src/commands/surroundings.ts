// SPDX-License-Identifier: Apache-2.0
import type { Command } from 'commander'

/** Where a command writes to; `isTTY` and `columns` are a terminal's. @internal */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

/** What commands need of their process; `process` itself will do. @internal */
export interface Surroundings {
  readonly stdout: Output
  readonly stderr: Output
  /** Default: nothing to read. */
  readonly stdin?: AsyncIterable<Uint8Array | string>
  readonly env: Readonly<Record<string, string | undefined>>
  on(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown
  removeListener(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown
}

/** Makes a subcommand. `finish` sets the program's exit status where it is not 0 and nothing was thrown. @internal */
export type MakeCommand = (around: Surroundings, finish: (status: number) => void) => Command
