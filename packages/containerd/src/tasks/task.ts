// SPDX-License-Identifier: Apache-2.0
import type { Any, Mount, timestampNow } from '@teu/containerd-api'
import type { Bundle } from './bundle.ts'
import type { Shim } from './shim.ts'

/** A task: a container whose shim knows it. */
export interface Task {
  readonly namespace: string
  readonly id: string
  readonly bundle: Bundle
  shim: Shim
  pid: number
  /** Whether the exit of its first process was published. */
  exited: boolean
  /** The deletion that is on its way. */
  deleting?: Promise<TaskEnd> | undefined
}

/** The inputs of a new task. */
export interface NewTask {
  namespace: string
  id: string
  /** The runtime's name, or the path of a shim. */
  runtime: string
  spec: Uint8Array
  rootfs: readonly Mount[]
  stdin: string
  stdout: string
  stderr: string
  terminal: boolean
  options: Any | undefined
  signal: AbortSignal | undefined
}

/** How a process ended. */
export interface TaskEnd {
  pid: number
  exitStatus: number
  exitedAt: ReturnType<typeof timestampNow> | undefined
}
