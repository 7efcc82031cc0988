// SPDX-License-Identifier: Apache-2.0

/** What a container may be doing. `paused` is no word of the specification's, but every runtime says it. @public */
export const containerStatuses = ['creating', 'created', 'running', 'paused', 'stopped'] as const

/** One of {@link containerStatuses}. @public */
export type ContainerStatus = (typeof containerStatuses)[number]

/** What `state` prints and hooks read on their standard input. @public */
export interface State {
  ociVersion: string
  id: string
  status: ContainerStatus
  /** Of the container's init, as seen by the reader. Required while created or running; 0 or absent once stopped. */
  pid?: number
  /** Absolute path of the bundle. */
  bundle: string
  annotations?: Record<string, string>
}

/** What runc's and crun's `state` and `list` add. @public */
export interface ExtendedState extends State {
  /** Absolute path of the root file system. */
  rootfs?: string
  /** RFC 3339 with nanoseconds. */
  created?: string
  /** Name of the user who created it. */
  owner?: string
}

/** What a seccomp agent receives with the notification descriptor. @public */
export interface ContainerProcessState {
  ociVersion: string
  /** Names of the descriptors sent along; `seccompFd` is one. */
  fds: string[]
  /** Of the process the filter is for. */
  pid: number
  /** `listenerMetadata` of the filter. */
  metadata?: string
  state: State
}
