// SPDX-License-Identifier: Apache-2.0
import type { Cli } from '../cli.ts'
import type { GlobalFlags } from '../context/endpoint.ts'
import { ExitError } from '../exit-status.ts'

export async function openOtherDoor(
  cli: Cli,
  _flags: GlobalFlags,
  words: readonly string[],
  _help: boolean,
): Promise<number> {
  throw new ExitError(
    1,
    `${cli.binName}: unknown command: ${cli.binName} ${words.join(' ')}\n\nRun '${cli.binName} --help' for more information`,
  )
}
