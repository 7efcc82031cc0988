// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { StackError } from '@teu/errors'
import { createCgroupManager } from '@teu/linux'

/**
 * Moves a new shim, and with it the monitors that it will start, into the cgroup that the options name: below the root of
 * every hierarchy that has it, which on a host with cgroups of version 1 need not be each. Empty for the caller's own.
 * Throws `not-found` when there is no such cgroup; the shim then stays, for the next task that asks for none.
 *
 * @internal
 */
export async function joinShimCgroup(pid: number, path: string): Promise<void> {
  if (path === '') return
  const everywhere = createCgroupManager({ path: join('/', path) }).paths
  const paths = Object.fromEntries(Object.entries(everywhere).filter(([, folder]) => existsSync(folder)))
  if (Object.keys(paths).length === 0) {
    throw new StackError('not-found', `failed to load cgroup ${path}: it does not exist`)
  }
  await createCgroupManager({ paths }).join(pid)
}
