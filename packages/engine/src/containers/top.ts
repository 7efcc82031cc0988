// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { ContainerTopResult } from '@teu/engine-api'
import { messageOf, StackError } from '@teu/errors'
import type { Container } from './container.ts'
import { type ContainerContext, publishContainerEvent } from './context.ts'

const run = promisify(execFile)

/**
 * The processes of a container, as the host's `ps` prints them. `conflict` when it does not run, `invalid-argument`
 * for options whose output has no PID column, or gives another column its name; `internal` with what `ps` says when
 * it does not take them.
 */
export async function topContainer(
  context: ContainerContext,
  container: Container,
  options: string | undefined,
): Promise<ContainerTopResult> {
  if (!container.hasProcess) throw new StackError('conflict', `container ${container.id} is not running`)
  const psOptions = options || '-ef'
  checkColumns(psOptions)
  const pids = new Set((await context.tasks.pids(container.id)).map(({ pid }) => String(pid)))
  const output = await listProcesses(psOptions.split(/\s+/).filter(Boolean), pids)
  publishContainerEvent(context, container, 'top')
  return parseProcesses(output, pids)
}

/** Rows are chosen by the column called PID: no other may have that name. */
function checkColumns(options: string): void {
  for (const [, column = '', title] of options.matchAll(/([^\s,=]*)=\s*(PID\S*)/g)) {
    if (column.replace(/^-?o/, '') === 'pid') continue
    throw new StackError('invalid-argument', `specifying "${column}=${title}" is not allowed`)
  }
}

/** Some options cannot be had together with a choice of processes: then all of the host's are listed, and chosen from. */
async function listProcesses(args: readonly string[], pids: ReadonlySet<string>): Promise<string> {
  const limits = { timeout: 10_000, maxBuffer: 16 << 20 }
  try {
    return (await run('ps', [...args, `-q${[...pids].join(',')}`], limits)).stdout
  } catch {
    try {
      return (await run('ps', [...args], limits)).stdout
    } catch (error) {
      const { stderr = '' } = error as { stderr?: string }
      const [reason = ''] = stderr.trim().split('\n')
      throw new StackError('internal', `ps: ${reason || messageOf(error)}`, { cause: error })
    }
  }
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
