// SPDX-License-Identifier: Apache-2.0
import type { ExecCreateBody, ExecInspect } from '@teu/engine-api'
import { OutputHub } from '../io/output-hub.ts'
import type { ProcessIo } from '../io/process-io.ts'

/** Where an added process is in its life: it goes through these once. */
export type ExecStatus = 'created' | 'starting' | 'running' | 'ended'

/** A process added to a container, or about to be. */
export class ExecSession {
  readonly id: string
  readonly containerId: string
  readonly request: ExecCreateBody
  readonly hub = new OutputHub(undefined)
  status: ExecStatus = 'created'
  pid = 0
  exitCode: number | undefined
  endedAt: number | undefined
  io: ProcessIo | undefined
  /** Settles when the process has been started, or will not be. */
  readonly running = Promise.withResolvers<void>()
  /** Settles when the end of the process has been written down. */
  readonly ended = Promise.withResolvers<void>()

  constructor(id: string, containerId: string, request: ExecCreateBody) {
    this.id = id
    this.containerId = containerId
    this.request = request
    this.running.promise.catch(() => {})
  }
}

/** The answer of `GET /exec/{id}/json`. */
export function inspectExec(exec: ExecSession): ExecInspect {
  const { request } = exec
  const [entrypoint = '', ...rest] = request.Cmd ?? []
  return {
    ID: exec.id,
    Running: exec.status === 'running',
    ExitCode: exec.exitCode ?? null,
    ProcessConfig: {
      tty: request.Tty ?? false,
      entrypoint,
      arguments: rest,
      privileged: request.Privileged ?? false,
      ...(request.User ? { user: request.User } : {}),
    },
    OpenStdin: request.AttachStdin ?? false,
    OpenStderr: request.AttachStderr ?? false,
    OpenStdout: request.AttachStdout ?? false,
    CanRemove: exec.status === 'ended',
    ContainerID: exec.containerId,
    DetachKeys: request.DetachKeys ?? '',
    Pid: exec.pid,
  }
}
