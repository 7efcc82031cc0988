// SPDX-License-Identifier: Apache-2.0
import { messageOf } from '@teu/errors'
import { checkStore, type StoreInit } from './fsck.ts'

/** How the command ends, with the numbers of fsck(8). */
export const fsckStatus = { clean: 0, damaged: 4, notChecked: 8 } as const

/** Where the command writes. */
export interface FsckOutput {
  out(line: string): void
  err(line: string): void
}

/** Checks a store, says what is found, a line each, and answers the exit status. */
export async function fsckCommand(store: StoreInit, signal: AbortSignal, { out, err }: FsckOutput): Promise<number> {
  const counts = { damage: 0, note: 0 }
  try {
    for await (const { kind, object, message } of checkStore(store, signal)) {
      counts[kind]++
      out(`${kind}: ${object}: ${message}\n`)
    }
  } catch (error) {
    err(`teu-containerd: fsck: ${messageOf(error)}\n`)
    return fsckStatus.notChecked
  }
  out(`${store.root}: ${counts.damage} damaged, ${counts.note} noted\n`)
  return counts.damage > 0 ? fsckStatus.damaged : fsckStatus.clean
}
