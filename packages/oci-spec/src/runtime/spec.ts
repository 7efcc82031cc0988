// SPDX-License-Identifier: Apache-2.0
import type { Hooks } from './hooks.ts'
import type { Linux, LinuxIdMapping } from './linux.ts'
import type { Process } from './process.ts'

/** The version of the runtime specification that these types follow. @public */
export const runtimeSpecVersion = '1.3.0'

/**
 * A bundle's `config.json`: everything a runtime needs to make one container on Linux. Property names are those of
 * the JSON. Sections for other systems (`vm`, `windows`, `solaris`, `zos`, `freebsd`) are not described here and
 * pass through untouched.
 *
 * @public
 */
export interface Spec {
  /** A version `1.x.y` of the specification. Any 1.x is accepted. */
  ociVersion: string
  /** The program to run. `create` allows it to be missing, `start` does not. */
  process?: Process
  /** The container's root file system. Required on Linux. */
  root?: Root
  /** Needs a UTS namespace of the container's own. */
  hostname?: string
  /** Needs a UTS namespace of the container's own. */
  domainname?: string
  /** Mounted in the order listed, each after the ones before it. */
  mounts?: Mount[]
  hooks?: Hooks
  /** Free text for callers; the keys are reverse domain names. */
  annotations?: Record<string, string>
  linux?: Linux
}

/** Where the container's root file system lies. @public */
export interface Root {
  /** Absolute, or relative to the bundle. */
  path: string
  /** Default false. */
  readonly?: boolean
}

/** One mount below the container's root. @public */
export interface Mount {
  /** Absolute inside the container; created when missing. Relative ones are taken from `/`, as old callers wrote them. */
  destination: string
  /** A file system type of the kernel; `bind` or nothing for bind mounts; `cgroup` stands for the container's own hierarchy. */
  type?: string
  /** A device, a name, or for a bind mount a path, absolute or relative to the bundle. */
  source?: string
  /** Options as in fstab, the specification's own ones included; unknown ones go to the file system as data. */
  options?: string[]
  /** Makes an id-mapped mount; set together with `gidMappings`. Linux 5.12 and newer. */
  uidMappings?: LinuxIdMapping[]
  /** Makes an id-mapped mount; set together with `uidMappings`. */
  gidMappings?: LinuxIdMapping[]
}
