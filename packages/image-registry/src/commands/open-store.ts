// SPDX-License-Identifier: Apache-2.0
import { stat } from 'node:fs/promises'
import { StackError } from '@teu/errors'
import type { Command } from 'commander'
import type { Store } from '../store/store.ts'

/** What every command takes that works on a registry's directory. @internal */
export interface StoreFlags {
  root: string
  json?: boolean
}

/** Adds the options of {@link StoreFlags}. @internal */
export function withStoreFlags(command: Command): Command {
  return command
    .option('--root <dir>', 'where the registry keeps its content', '/var/lib/teu/registry')
    .option('--json', 'print the result as JSON')
}

/**
 * Opens the store of a registry's directory. Throws `not-found` for a directory that is not there, which would be made:
 * not what somebody with a misspelt path wants.
 *
 * @internal
 */
export async function openRoot(root: string, readOnly: boolean): Promise<Store> {
  const exists = await stat(root).then(
    (stats) => stats.isDirectory(),
    () => false,
  )
  if (!exists) throw new StackError('not-found', `${root}: no such directory`)
  // What works on a store is read when it is wanted: the other commands start without it.
  const { openStore } = await import('../store/store.ts')
  return openStore({ storage: root, readOnly })
}
