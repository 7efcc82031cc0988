// SPDX-License-Identifier: Apache-2.0
import { open, stat } from 'node:fs/promises'
import { type FileLock, lockFile } from '@teu/linux'

/**
 * Locks the coming and going of one shim. The lock's file may be removed by whoever holds it, so a lock counts only when
 * it is on the file that is there. Rejects with `ETIMEDOUT` after `timeoutMs`; 0 tries once.
 *
 * @internal
 */
export async function lockShim(path: string, timeoutMs = 20_000): Promise<FileLock> {
  for (;;) {
    const before = await inodeOf(path)
    const lock = await lockFile(path, { timeoutMs })
    if (before !== undefined && before === (await inodeOf(path))) return lock
    lock.release()
    if (before === undefined) await (await open(path, 'a', 0o600)).close()
  }
}

function inodeOf(path: string): Promise<bigint | undefined> {
  return stat(path, { bigint: true }).then(
    ({ ino }) => ino,
    () => undefined,
  )
}
