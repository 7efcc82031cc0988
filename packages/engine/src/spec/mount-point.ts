// SPDX-License-Identifier: Apache-2.0

/** One mount that a container asks for, whichever field of the request it came from. */
export type MountPoint = BindMountPoint | VolumeMountPoint | TmpfsMountPoint | ImageMountPoint

/** A file or directory of the host. */
export interface BindMountPoint {
  type: 'bind'
  source: string
  target: string
  readOnly: boolean
  /** Leave out mounts below the source. */
  nonRecursive: boolean
  /** Make only the mount itself read-only, not those below it. */
  readOnlyNonRecursive: boolean
  /** `rprivate` by default. */
  propagation: string
  /** Make a directory of a source that is missing, as `-v` does and `--mount` does not. */
  createSource: boolean
  /** The mode as the request gave it, for inspect. */
  mode: string
}

/** A volume: by name, or anonymous with an empty name. */
export interface VolumeMountPoint {
  type: 'volume'
  name: string
  target: string
  readOnly: boolean
  noCopy: boolean
  mode: string
  /** For a volume that is made: its labels, its driver and that driver's options. */
  labels?: Readonly<Record<string, string>>
  driver?: string
  driverOptions?: Readonly<Record<string, string>>
}

/** Memory. */
export interface TmpfsMountPoint {
  type: 'tmpfs'
  target: string
  /** As mount(8) takes them. */
  options: string[]
  /** Whether inspect lists it among the mounts, as it does those of the long form alone. */
  shown: boolean
}

/** The files of an image, which cannot be mounted yet: a create that asks for one is refused after its other checks. */
export interface ImageMountPoint {
  type: 'image'
  /** The image's reference. */
  source: string
  target: string
}
