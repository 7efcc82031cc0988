// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { ContainerTopResult } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import type { Container } from './container.ts'
import { type ContainerContext, publishContainerEvent } from './context.ts'

const run = promisify(execFile)

/** Options of `ps` that would make it write files or read others' choice of columns are refused by their form. */
const forbidden = /(^|\s)-{0,2}pid|[^\w\s,=%:.+-]/

/**
 * The processes of a container, as the host's `ps` prints them. `conflict` when it does not run, `invalid-argument`
 * for options whose output has no PID column.
 */
export async function topContainer(
  context: ContainerContext,
  container: Container,
  options: string | undefined,
): Promise<ContainerTopResult> {
  if (!container.hasProcess) throw new StackError('conflict', `container ${container.id} is not running`)
  const psOptions = options || '-ef'
  if (forbidden.test(psOptions)) throw new StackError('invalid-argument', `ps: invalid options: ${psOptions}`)
  const pids = new Set((await context.tasks.pids(container.id)).map(({ pid }) => String(pid)))
  const { stdout } = await run('ps', psOptions.split(/\s+/).filter(Boolean), { timeout: 10_000, maxBuffer: 16 << 20 })
  publishContainerEvent(context, container, 'top')
  return parseProcesses(stdout, pids)
}

/** The rows of `ps` whose PID is among `pids`; the last column takes the rest of its line. */
export function parseProcesses(output: string, pids: ReadonlySet<string>): ContainerTopResult {
  const [head = '', ...rows] = output.split('\n').filter((line) => line.trim() !== '')
  const titles = head.trim().split(/\s+/)
  const column = titles.indexOf('PID')
  if (column < 0) throw new StackError('invalid-argument', "Couldn't find PID field in ps output")
  const processes = rows.map((row) => fieldsOf(row, titles.length)).filter((fields) => pids.has(fields[column] ?? ''))
  return { Titles: titles, Processes: processes }
}

function fieldsOf(row: string, count: number): string[] {
  const fields = row.trim().split(/\s+/)
  return [...fields.slice(0, count - 1), fields.slice(count - 1).join(' ')]
}
