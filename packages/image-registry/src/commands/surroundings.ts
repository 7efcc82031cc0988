// SPDX-License-Identifier: Apache-2.0

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
  readonly stdin: AsyncIterable<Uint8Array | string>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Set by a command that failed: 1 for a failure, 2 for wrong usage, 130 when interrupted. */
  exitCode?: number | string | null | undefined
  once(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown
  removeListener(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown
}
