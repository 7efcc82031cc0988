// SPDX-License-Identifier: Apache-2.0
import type { CgroupDriver } from '../cgroups/container-cgroup.ts'

/** What holds for every container that a runtime makes. @internal */
export interface RuntimeSettings {
  /** Hears of what is not worth a failure. */
  warn: (message: string) => void
  /** Hears of what is done, step by step. */
  debug: (message: string) => void
  cgroupDriver: CgroupDriver
  /** Whether containers do without a cgroup that the caller is not allowed to make. */
  rootless: boolean
}
