// SPDX-License-Identifier: Apache-2.0
import type {
  ContainerCreateBody,
  ContainerCreateResult,
  ContainerInspect,
  ContainerSummary,
  ContainersPruneResult,
  ContainerTopResult,
  ContainerWaitResult,
  Filters,
  WaitCondition,
} from '@teu/engine-api'
import type { ContainerAttachRequest, PendingAttach } from '../../attach/container-attach.ts'
import type { CreateOptions } from '../../containers/create.ts'
import type { ListOptions } from '../../containers/list.ts'
import type { StopOptions } from '../../containers/stop.ts'
import type { LogFormat } from '../../logs/format-entries.ts'
import type { LogReadOptions } from '../../logs/log-driver.ts'

/** Which records of a log to send, and how. */
export type ContainerLogsRequest = LogReadOptions & Omit<LogFormat, 'framed'>

/** What the routes of containers need. Every reference may be an id, a unique prefix of one, or a name. */
export interface ContainerBackend {
  list(options: ListOptions): Promise<ContainerSummary[]>
  create(body: ContainerCreateBody | undefined, options: CreateOptions): Promise<ContainerCreateResult>
  inspect(reference: string, options: { size: boolean }): Promise<ContainerInspect>
  top(reference: string, psArgs: string | undefined): Promise<ContainerTopResult>
  logs(reference: string, request: ContainerLogsRequest): { tty: boolean; body: AsyncIterable<Uint8Array> }
  start(reference: string): Promise<void>
  stop(reference: string, options: StopOptions): Promise<void>
  restart(reference: string, options: StopOptions): Promise<void>
  kill(reference: string, signal: string | undefined): Promise<void>
  pause(reference: string): Promise<void>
  unpause(reference: string): Promise<void>
  rename(reference: string, name: string | undefined): Promise<void>
  resize(reference: string, height: number | undefined, width: number | undefined): Promise<void>
  attach(reference: string, request: ContainerAttachRequest): PendingAttach
  /** The waiting has begun when this returns. */
  wait(reference: string, condition: WaitCondition): Promise<ContainerWaitResult>
  remove(reference: string, options: { force: boolean; volumes: boolean; link: boolean }): Promise<void>
  exportTar(reference: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
  prune(filters: Filters): Promise<ContainersPruneResult>
}
