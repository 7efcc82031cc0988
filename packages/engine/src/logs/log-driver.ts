// SPDX-License-Identifier: Apache-2.0
import type { StreamName } from '@teu/engine-api'

/** One record of a container's output: a line with its end, or the part of a long or unfinished one. */
export interface LogEntry {
  readonly stream: StreamName
  readonly nanoseconds: bigint
  readonly line: Uint8Array
  /** What the container was told to add to its records, for `details`. */
  readonly attributes?: Readonly<Record<string, string>> | undefined
}

/** Which records to read. */
export interface LogReadOptions {
  /** How many of the last to begin with; undefined means all. */
  readonly tail?: number | undefined
  /** Nanoseconds since 1970, inclusive. */
  readonly since?: bigint | undefined
  readonly until?: bigint | undefined
  /** Go on with new records until the log is closed or the signal aborted. */
  readonly follow: boolean
  readonly signal: AbortSignal
}

/** The kept output of one container. */
export interface ContainerLog {
  /** Where it is kept, for inspect; empty when it is not in one file. */
  readonly path: string
  /** Whether {@link read} works. */
  readonly readable: boolean
  /**
   * Takes output as it came from the container. It is kept in whole lines; a line without end is kept back until it
   * ends, is over 16 KiB, or {@link flush} is called.
   */
  write(stream: 'stdout' | 'stderr', chunk: Uint8Array): void
  /** Keeps what is left of unfinished lines: the container has ended. */
  flush(): void
  read(options: LogReadOptions): AsyncIterable<LogEntry>
  /** Ends followers once they have everything. The log may be written again: the container may start again. */
  endFollowers(): void
  /** Ends followers and closes files. */
  close(): void
  /** Also removes what is kept. */
  remove(): void
}

/** What a driver knows of the container whose output it keeps. */
export interface LogInit {
  readonly containerId: string
  /** The container's own directory. */
  readonly directory: string
  readonly options: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly env: readonly string[]
}

/** A way to keep output: a row of the visible list in `log-drivers.ts`. */
export interface LogDriver {
  readonly name: string
  /** Throws `invalid-argument` for an option that does not exist or cannot be read. */
  validate(options: Readonly<Record<string, string>>): void
  open(init: LogInit): ContainerLog
}
