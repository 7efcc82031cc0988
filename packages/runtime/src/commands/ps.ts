// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { StackError } from '@teu/errors'
import type { Command } from './command.ts'

/** `ps`. @internal */
export const command: Command = {
  name: 'ps',
  summary: 'show the processes of a container',
  usage: '[command options] <container-id> [ps options]',
  arguments: { atLeast: 1 },
  options: { format: { type: 'string', short: 'f', help: 'table or json, default table' } },
  stopsAtFirstArgument: true,
  async run({ runtime, options, positionals, print }) {
    const [id = '', ...psOptions] = positionals
    const pids = await runtime.ps(id)
    switch (options.format ?? 'table') {
      case 'json':
        print(`${JSON.stringify(pids)}\n`)
        return 0
      case 'table':
        print(selectProcesses(await runPs(psOptions), pids))
        return 0
      default:
        throw new StackError('invalid-argument', 'invalid format option')
    }
  },
}

async function runPs(options: readonly string[]): Promise<string> {
  const args = options.length === 0 ? ['-ef'] : [...options]
  try {
    const { stdout } = await promisify(execFile)('ps', args, { maxBuffer: 64 << 20 })
    return stdout
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new StackError('not-found', 'exec: "ps": executable file not found in $PATH', { cause: error })
  }
}

/** The heading of what ps(1) printed, and the lines of `pids`. @internal */
export function selectProcesses(output: string, pids: readonly number[]): string {
  const [heading = '', ...lines] = output.split('\n')
  const column = heading.trim().split(/\s+/).indexOf('PID')
  if (column < 0) throw new StackError('invalid-argument', "couldn't find PID field in ps output")
  const wanted = new Set(pids)
  const selected = lines.filter((line) => wanted.has(Number(line.trim().split(/\s+/)[column])))
  return [heading, ...selected].map((line) => `${line}\n`).join('')
}
