// SPDX-License-Identifier: Apache-2.0

/** The body of `POST /containers/{id}/exec`. @public */
export interface ExecCreateBody {
  User?: string
  Privileged?: boolean
  Tty?: boolean
  ConsoleSize?: number[]
  AttachStdin?: boolean
  AttachStdout?: boolean
  AttachStderr?: boolean
  Detach?: boolean
  DetachKeys?: string
  Env?: string[]
  WorkingDir?: string
  Cmd?: string[]
}

/** The answer to an exec create. @public */
export interface ExecCreateResult {
  Id: string
}

/** The body of `POST /exec/{id}/start`. @public */
export interface ExecStartBody {
  Detach?: boolean
  /** How the client reads: bytes as they are, without frames and without stderr; frames by default. As the create's. */
  Tty?: boolean
  ConsoleSize?: number[]
}

/** The answer of `GET /exec/{id}/json`. @public */
export interface ExecInspect {
  ID: string
  Running: boolean
  /** null until the process has ended. */
  ExitCode: number | null
  ProcessConfig: {
    entrypoint: string
    arguments: string[]
    tty: boolean
    privileged: boolean
    user?: string
  }
  OpenStdin: boolean
  OpenStderr: boolean
  OpenStdout: boolean
  CanRemove: boolean
  ContainerID: string
  DetachKeys: string
  /** Host pid; 0 before the start. */
  Pid: number
}
