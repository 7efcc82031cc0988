// SPDX-License-Identifier: Apache-2.0
import { type CgroupManager, readProcessStat } from '@teu/linux'
import { savedUnit } from '../cgroups/systemd-cgroup.ts'
import type { Bundle } from '../spec/load-spec.ts'
import { userName } from './process-facts.ts'
import type { SavedState, StateDirectory } from './state-file.ts'

/**
 * Says what is about to be made before any of it is: a runtime that is killed on the way leaves a container that reads
 * as stopped, and whose cgroup `delete` finds.
 *
 * @internal
 */
export function recordIntent(
  directory: StateDirectory,
  id: string,
  bundle: Bundle,
  planned: CgroupManager | undefined,
): void {
  const state: SavedState = {
    id,
    init_process_pid: 0,
    init_process_start: 0,
    creator: { pid: process.pid, start: Number(readProcessStat(process.pid)?.startTime ?? 0) },
    created: new Date().toISOString(),
    rootless: process.geteuid?.() !== 0,
    cgroup_paths: { ...planned?.paths },
    ...savedUnit(planned),
    bundle: bundle.path,
    rootfs: bundle.rootfs,
    owner: userName(),
    keyring: false,
    spec: bundle.spec,
  }
  directory.write(id, state)
}
