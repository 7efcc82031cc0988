// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { createCgroupManager } from '@teu/linux'

/**
 * Moves a new shim, and with it the monitors that it will start, into the cgroup that the options name: absolute, of the
 * unified hierarchy or of each v1 hierarchy that has it. Empty for the caller's own. Throws `not-found` when there is no
 * such cgroup; the shim then stays, for the next task that asks for none.
 *
 * @internal
 */
export async function joinShimCgroup(pid: number, path: string): Promise<void> {
  if (path === '') return
  const cgroup = createCgroupManager({ path })
  if (!cgroup.exists()) throw new StackError('not-found', `failed to load cgroup ${path}: it does not exist`)
  await cgroup.join(pid)
}
