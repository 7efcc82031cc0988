// SPDX-License-Identifier: Apache-2.0
import { execRoutes as routes } from '../exec/routes.ts'
import type { ExecCreateBody, ExecCreateResult, ExecInspect, ExecStartBody } from '../exec/types.ts'
import type { CallOptions, HijackedConnection, Transport } from './transport.ts'

/** Calls about processes added to running containers. @public */
export interface ExecCalls {
  execCreate(containerId: string, exec: ExecCreateBody, options?: CallOptions): Promise<ExecCreateResult>
  /** Starts the process without its streams. */
  execStart(id: string, options?: CallOptions & Pick<ExecStartBody, 'Tty' | 'ConsoleSize'>): Promise<void>
  /** Starts the process and takes the connection over for its streams. */
  execAttach(
    id: string,
    options?: CallOptions & Pick<ExecStartBody, 'Tty' | 'ConsoleSize'>,
  ): Promise<HijackedConnection>
  execResize(id: string, size: { height: number; width: number }, options?: CallOptions): Promise<void>
  execInspect(id: string, options?: CallOptions): Promise<ExecInspect>
}

/** @internal */
export function execCalls(transport: Transport): ExecCalls {
  return {
    execCreate: (id, exec, { signal } = {}) => transport.json(routes.create, { path: { id }, body: exec, signal }),
    execStart: (id, { signal, ...start } = {}) =>
      transport.done(routes.start, { path: { id }, body: { Detach: true, ...start }, signal }),
    execAttach: (id, { signal, ...start } = {}) =>
      transport.hijack(routes.start, { path: { id }, body: { Detach: false, ...start }, signal }),
    execResize: (id, { height, width }, { signal } = {}) =>
      transport.done(routes.resize, { path: { id }, query: { h: String(height), w: String(width) }, signal }),
    execInspect: (id, { signal } = {}) => transport.json(routes.inspect, { path: { id }, signal }),
  }
}
