// SPDX-License-Identifier: Apache-2.0

import { StackError } from '@teu/errors'
import { createTtrpcClient, type Service, type TtrpcClient, type TtrpcServer, ttrpcClient } from '@teu/ttrpc'
import type { StartReply } from '../bootstrap/start-reply.ts'
import { TaskDefinition } from '../gen/containerd/task/v2/task.ts'
import { TaskDefinition as TaskV3Definition } from '../gen/containerd/task/v3/task.ts'

/**
 * The Task service of a shim. An empty `execId` stands for the container's first process. An unknown container or
 * exec is `not-found`, a process in the wrong state `failed-precondition`, a name that is taken `already-exists`, and a
 * call that the shim does not offer `not-implemented`.
 *
 * @public
 */
export type TaskService = Service<typeof TaskDefinition>

/** The versions of the Task service that this package speaks. Their messages are the same. @public */
export const taskApiVersions = { minimum: 2, current: 3 } as const

/** Serves `service` under the names of both versions. @public */
export function addTaskService(server: TtrpcServer, service: TaskService): void {
  server.add(TaskDefinition, service)
  server.add(TaskV3Definition, service)
}

/** The Task service of the shim at the other end of `client`. `version` is what its start reply said; default 2. @public */
export function taskClient(client: TtrpcClient, version = 2): TaskService {
  return version >= 3 ? ttrpcClient(TaskV3Definition, client) : ttrpcClient(TaskDefinition, client)
}

/** A connection to a running shim. @public */
export interface ShimConnection {
  readonly task: TaskService
  readonly client: TtrpcClient
  close(): void
  [Symbol.dispose](): void
}

/**
 * Connects to the shim that a start reply names. The connection is dialled at once; calls fail with `unavailable` when
 * nobody listens. Throws `not-implemented` for a protocol other than ttrpc.
 *
 * @public
 */
export function connectShim(reply: StartReply): ShimConnection {
  if (reply.protocol !== 'ttrpc') {
    throw new StackError('not-implemented', `shim at ${reply.address} speaks ${reply.protocol}, not ttrpc`)
  }
  const client = createTtrpcClient(reply.address)
  const close = () => client.close()
  return { task: taskClient(client, reply.version), client, close, [Symbol.dispose]: close }
}
