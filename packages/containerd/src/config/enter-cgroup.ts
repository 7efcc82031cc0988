// SPDX-License-Identifier: Apache-2.0
import { wrap } from '@teu/errors'
import { createCgroupManager, detectCgroups } from '@teu/linux'

/** Moves this process into a cgroup, of every hierarchy that there is; it is made when it is missing, and stays. */
export async function enterCgroup(path: string): Promise<void> {
  try {
    const cgroup = createCgroupManager({ path, setup: detectCgroups() })
    await cgroup.create()
    await cgroup.join(process.pid)
  } catch (error) {
    throw wrap(error, `enter the cgroup ${path}`)
  }
}
