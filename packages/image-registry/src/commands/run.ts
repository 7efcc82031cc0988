// SPDX-License-Identifier: Apache-2.0
import { codeOf, messageOf } from '@teu/errors'
import type { Surroundings } from './surroundings.ts'

/** What a command that runs is given. @internal */
export interface Running {
  around: Surroundings
  /** Aborted when somebody interrupts the command. */
  signal: AbortSignal
}

/**
 * Runs a command: an interrupt aborts its signal, a failure becomes one line on standard error and an exit code, 130
 * after an interrupt.
 *
 * @internal
 */
export async function run(around: Surroundings, body: (running: Running) => Promise<void>): Promise<void> {
  const abort = new AbortController()
  const interrupt = () => abort.abort()
  for (const name of ['SIGINT', 'SIGTERM'] as const) around.once(name, interrupt)
  try {
    await body({ around, signal: abort.signal })
  } catch (error) {
    const interrupted = abort.signal.aborted && codeOf(error) === 'cancelled'
    around.stderr.write(interrupted ? 'teu-registry: interrupted\n' : `teu-registry: ${messageOf(error)}\n`)
    around.exitCode = interrupted ? 130 : 1
  } finally {
    for (const name of ['SIGINT', 'SIGTERM'] as const) around.removeListener(name, interrupt)
  }
}

/** One JSON value a line, for programs. @internal */
export function printJson({ stdout }: Surroundings, value: unknown): void {
  stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

/** Bytes as people read them. @internal */
export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return unit === 0 ? `${bytes} B` : `${value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`
}

/** Lines in columns that are as wide as they need to be. @internal */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)))
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
