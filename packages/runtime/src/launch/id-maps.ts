// SPDX-License-Identifier: Apache-2.0
import { promises } from 'node:fs'
import { promisify } from 'node:util'
import { StackError, wrap } from '@teu/errors'
import type { LinuxIdMapping } from '@teu/oci-spec/runtime'
import { formatIdMap } from '../spec/id-maps.ts'

/** Whether mappings are no more than the caller's own id, which needs no privilege. @internal */
export function mapsOnlySelf(mappings: readonly LinuxIdMapping[], id: number): boolean {
  return mappings.length === 1 && mappings[0]?.size === 1 && mappings[0].hostID === id
}

/**
 * Writes the id maps of a process in a new user namespace. An unprivileged caller maps its own id directly (and must
 * give setgroups(2) up for that), and more through newuidmap(1) and newgidmap(1).
 *
 * @internal
 */
export async function writeIdMaps(
  pid: number,
  uids: readonly LinuxIdMapping[],
  gids: readonly LinuxIdMapping[],
): Promise<void> {
  const privileged = process.geteuid?.() === 0
  const uid = process.geteuid?.() ?? 0
  const gid = process.getegid?.() ?? 0
  if (!privileged && mapsOnlySelf(gids, gid)) await promises.writeFile(`/proc/${pid}/setgroups`, 'deny')
  await writeOne(pid, 'uid', uids, privileged || mapsOnlySelf(uids, uid))
  await writeOne(pid, 'gid', gids, privileged || mapsOnlySelf(gids, gid))
}

async function writeOne(
  pid: number,
  kind: 'uid' | 'gid',
  mappings: readonly LinuxIdMapping[],
  direct: boolean,
): Promise<void> {
  try {
    if (direct) return await promises.writeFile(`/proc/${pid}/${kind}_map`, formatIdMap(mappings))
    const numbers = mappings.flatMap(({ containerID, hostID, size }) => [containerID, hostID, size])
    const { execFile } = await import('node:child_process')
    await promisify(execFile)(`new${kind}map`, [pid, ...numbers].map(String))
  } catch (error) {
    const cause = error as NodeJS.ErrnoException
    if (cause.code === 'EINVAL') {
      throw new StackError('invalid-argument', `linux.${kind}Mappings: the kernel refuses them`, { cause })
    }
    throw wrap(error, `write the ${kind} map`)
  }
}
