// SPDX-License-Identifier: Apache-2.0
import {
  type Container,
  type ContainerdServices,
  lookupIn,
  parseFilters,
  type TaskProcess,
  timestampNow,
  validateIdentifier,
} from '@teu/containerd-api'
import { isNotFound, isUnavailable, StackError } from '@teu/errors'
import { namespaceMetadata, type StateResponse } from '@teu/shim-api'
import type { CallOptions } from '@teu/ttrpc'
import type { ContainerStore } from '../metadata/containers.ts'
import type { Task } from '../tasks/task.ts'
import type { TaskManager } from '../tasks/task-manager.ts'
import { contextOf } from './context.ts'

/** What the tasks service stands on. */
export interface TasksServiceComponents {
  containers: ContainerStore
  tasks: TaskManager
  /** How long a shim may take to tell a state, in milliseconds. */
  stateTimeoutMs: number
}

/** The Tasks service over the manager of shims. */
export function tasksService(components: TasksServiceComponents): ContainerdServices['tasks'] {
  const { containers, tasks, stateTimeoutMs } = components
  /** The task of a call, and the options with which its shim is called. */
  const target = (id: string, options: CallOptions | undefined) => {
    const { namespace, signal } = contextOf(options)
    const shimOptions = { signal, timeoutMs: options?.timeoutMs, metadata: namespaceMetadata(namespace) }
    return { task: tasks.get(namespace, id), shimOptions }
  }
  const stateOf = async (task: Task, execId: string, options: CallOptions): Promise<TaskProcess> => {
    const limited = { timeoutMs: stateTimeoutMs, ...options }
    return processOf(task.id, await tasks.call(task, true, (shim) => shim.state({ id: task.id, execId }, limited)))
  }
  return {
    async create(request, options) {
      const { namespace, signal } = contextOf(options)
      const { containerId, runtimePath, checkpoint, options: taskOptions, ...rest } = request
      validateIdentifier(containerId, 'container id: ')
      if (checkpoint !== undefined)
        throw new StackError('not-implemented', 'restoring a checkpoint is not supported: not implemented')
      const container = containers.get(namespace, containerId)
      const runtime = runtimeOf(container, runtimePath)
      const chosen = taskOptions?.value.length ? taskOptions : container.runtime?.options
      const spec = container.spec!.value
      const created = await tasks.create({
        namespace,
        id: containerId,
        runtime,
        spec,
        options: chosen,
        signal,
        ...rest,
      })
      return { containerId, pid: created.pid }
    },
    async start({ containerId, execId }, options) {
      const { task, shimOptions } = target(containerId, options)
      return tasks.call(task, false, (shim) => shim.start({ id: containerId, execId }, shimOptions))
    },
    async delete({ containerId }, options) {
      const { task, shimOptions } = target(containerId, options)
      return { id: containerId, ...(await tasks.delete(task, shimOptions.signal)) }
    },
    async deleteProcess({ containerId, execId }, options) {
      const { task, shimOptions } = target(containerId, options)
      if (execId === '') throw new StackError('invalid-argument', 'exec id is required: invalid argument')
      const end = await tasks.call(task, false, (shim) => shim.delete({ id: containerId, execId }, shimOptions))
      return { id: execId, ...end }
    },
    async get({ containerId, execId }, options) {
      const { task, shimOptions } = target(containerId, options)
      return { process: await stateOf(task, execId, shimOptions) }
    },
    async list({ filter }, options) {
      const { namespace } = contextOf(options)
      const wanted = parseFilters(filter === '' ? [] : [filter])
      const found = tasks.list(namespace).filter(({ id }) => wanted.matches(lookupIn({ id })))
      const states = await Promise.all(
        found.map((task) => stateOf(task, '', { metadata: namespaceMetadata(namespace) }).catch(ignoreGone)),
      )
      return { tasks: states.filter((state) => state !== undefined) }
    },
    async kill({ containerId, execId, signal, all }, options) {
      const { task, shimOptions } = target(containerId, options)
      return tasks.call(task, false, (shim) => shim.kill({ id: containerId, execId, signal, all }, shimOptions))
    },
    async exec({ containerId, execId, ...rest }, options) {
      const { task, shimOptions } = target(containerId, options)
      validateIdentifier(execId, 'exec id: ')
      return tasks.call(task, false, (shim) => shim.exec({ id: containerId, execId, ...rest }, shimOptions))
    },
    async resizePty({ containerId, ...rest }, options) {
      const { task, shimOptions } = target(containerId, options)
      return tasks.call(task, true, (shim) => shim.resizePty({ id: containerId, ...rest }, shimOptions))
    },
    async closeIO({ containerId, ...rest }, options) {
      const { task, shimOptions } = target(containerId, options)
      return tasks.call(task, true, (shim) => shim.closeIO({ id: containerId, ...rest }, shimOptions))
    },
    async pause({ containerId }, options) {
      const { task, shimOptions } = target(containerId, options)
      return tasks.call(task, false, (shim) => shim.pause({ id: containerId }, shimOptions))
    },
    async resume({ containerId }, options) {
      const { task, shimOptions } = target(containerId, options)
      return tasks.call(task, false, (shim) => shim.resume({ id: containerId }, shimOptions))
    },
    async listPids({ containerId }, options) {
      const { task, shimOptions } = target(containerId, options)
      return tasks.call(task, true, (shim) => shim.pids({ id: containerId }, shimOptions))
    },
    async checkpoint({ containerId }, options) {
      target(containerId, options)
      throw new StackError('not-implemented', 'checkpoints are not supported: not implemented')
    },
    async update({ containerId, resources, annotations }, options) {
      const { task, shimOptions } = target(containerId, options)
      return tasks.call(task, false, (shim) => shim.update({ id: containerId, resources, annotations }, shimOptions))
    },
    async metrics({ filters }, options) {
      const { namespace } = contextOf(options)
      const wanted = parseFilters(filters)
      const found = tasks.list(namespace).filter(({ id }) => wanted.matches(lookupIn({ id, namespace })))
      const metadata = namespaceMetadata(namespace)
      const samples = await Promise.all(
        found.map(async (task) => {
          // A task without a cgroup, or one that has just ended, has nothing to tell.
          const ask = tasks.call(task, true, (shim) =>
            shim.stats({ id: task.id }, { timeoutMs: stateTimeoutMs, metadata }),
          )
          const answer = await ask.catch(() => undefined)
          return answer?.stats && { timestamp: timestampNow(), id: task.id, data: answer.stats }
        }),
      )
      return { metrics: samples.filter((sample) => sample !== undefined) }
    },
    async wait({ containerId, execId }, options) {
      const { task, shimOptions } = target(containerId, options)
      return tasks.call(task, true, (shim) => shim.wait({ id: containerId, execId }, shimOptions))
    },
  }
}

function runtimeOf(container: Container, runtimePath: string): string {
  if (runtimePath === '') return container.runtime!.name
  if (runtimePath.startsWith('/')) return runtimePath
  throw new StackError('invalid-argument', `runtime path ${runtimePath} is not absolute: invalid argument`)
}

function processOf(containerId: string, state: StateResponse): TaskProcess {
  const { pid, status, stdin, stdout, stderr, terminal, exitStatus, exitedAt, execId } = state
  const id = execId === '' ? containerId : execId
  return { containerId, id, pid, status, stdin, stdout, stderr, terminal, exitStatus, exitedAt }
}

function ignoreGone(error: unknown): undefined {
  if (isNotFound(error) || isUnavailable(error)) return undefined
  throw error
}
