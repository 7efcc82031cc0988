// SPDX-License-Identifier: Apache-2.0
import type { ExecCreateBody, ExecCreateResult, ExecInspect, ExecStartBody } from '@teu/engine-api'
import type { PendingAttach } from '../../attach/container-attach.ts'

/** What the routes of execs need. */
export interface ExecBackend {
  create(container: string, request: ExecCreateBody): ExecCreateResult
  inspect(id: string): ExecInspect
  /** Starts without streams. */
  start(id: string, options: ExecStartBody): Promise<void>
  /** Attaches a client; the process starts when it is served. */
  attach(id: string, options: ExecStartBody): PendingAttach
  resize(id: string, height: number | undefined, width: number | undefined): Promise<void>
}
