// SPDX-License-Identifier: Apache-2.0
import { writeControlAsync } from './files.ts'

/**
 * Shortens the first move of a process into a new cgroup. A move waits until every processor has noticed that moves are
 * going on, which takes milliseconds, and for as long again further moves are free. So this begins one that changes
 * nothing, of this process into the cgroup it is in, while the caller still has a process to start.
 *
 * @internal
 */
export function warmUpAttach(ownCgroup: string): Promise<void> {
  // Where it is not allowed, the first real move is merely slower.
  return writeControlAsync(ownCgroup, 'cgroup.procs', process.pid).catch(() => {})
}
