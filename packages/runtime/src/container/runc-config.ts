// SPDX-License-Identifier: Apache-2.0
import type { SavedState } from './state-file.ts'

/** The part of runc's own form of a container's configuration without which it does not read a state. @internal */
export interface RuncConfig {
  rootfs: string
  version: string
  /** `name=value`; `bundle` is where `state` and `list` find the bundle. */
  labels: string[]
  /** Which cgroup it is, is said by `cgroup_paths`; one of the limits must be there, which is then not looked at. */
  cgroups: { path: string; memory: number }
}

/** What `state.json` says of a container to runc and to what reads runc's states. @internal */
export function runcConfig({ bundle, rootfs, spec, cgroup_paths: paths }: SavedState): RuncConfig {
  const labels = Object.entries(spec.annotations ?? {}).map(([name, value]) => `${name}=${value}`)
  return {
    rootfs,
    version: spec.ociVersion,
    labels: [...labels, `bundle=${bundle}`],
    cgroups: { path: spec.linux?.cgroupsPath ?? Object.values(paths)[0] ?? '', memory: 0 },
  }
}
