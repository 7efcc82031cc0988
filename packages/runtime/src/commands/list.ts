// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { ContainerState } from '../container/state.ts'
import type { Command } from './command.ts'

/** `list`. @internal */
export const command: Command = {
  name: 'list',
  summary: 'list the containers of the state directory',
  usage: '[command options]',
  arguments: { from: 0, to: 0 },
  options: {
    format: { type: 'string', short: 'f', help: 'table or json, default table' },
    quiet: { type: 'boolean', short: 'q', help: 'print ids only' },
  },
  async run({ runtime, options, print }) {
    const containers = await runtime.list()
    if (options.quiet === true) {
      print(containers.map(({ id }) => `${id}\n`).join(''))
      return 0
    }
    switch (options.format ?? 'table') {
      case 'table':
        print(formatTable(containers))
        return 0
      case 'json':
        // An empty list is what the original encodes a missing one as.
        print(containers.length === 0 ? 'null\n' : `${JSON.stringify(containers)}\n`)
        return 0
      default:
        throw new StackError('invalid-argument', 'invalid format option')
    }
  },
}

const minimumWidth = 12
const padding = 3

/** Columns as wide as their widest cell, at least 12, with 3 blanks between them. @internal */
export function formatTable(containers: readonly ContainerState[]): string {
  const rows = [
    ['ID', 'PID', 'STATUS', 'BUNDLE', 'CREATED', 'OWNER'],
    ...containers.map(({ id, pid, status, bundle, created, owner }) => [
      id,
      String(pid),
      status,
      bundle,
      created,
      owner,
    ]),
  ]
  const widths = (rows[0] as string[]).map((_, column) =>
    Math.max(minimumWidth, ...rows.map((row) => (row[column] as string).length + padding)),
  )
  return rows
    .map(
      (row) => `${row.map((cell, column) => (column === 5 ? cell : cell.padEnd(widths[column] as number))).join('')}\n`,
    )
    .join('')
}
