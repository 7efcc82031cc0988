// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import {
  type Empty,
  packAny,
  processDetails,
  Status,
  type TaskService,
  taskEvents,
  timestampFromNanos,
  unpackJson,
} from '@teu/shim-api'
import { metricsOf } from '../cgroup/metrics.ts'
import { checkPresent, type ProcessState } from '../process/process-state.ts'
import type { ShimProcess } from '../process/shim-process.ts'
import type { Container } from './container.ts'
import { addExec, deleteContainer, deleteExec, killProcess, startProcess } from './process-calls.ts'
import type { ContainerRegistry } from './registry.ts'

const nothing: Empty = {}

const statusNumbers: Readonly<Record<ProcessState, Status>> = {
  creating: Status.UNKNOWN,
  created: Status.CREATED,
  running: Status.RUNNING,
  paused: Status.PAUSED,
  stopped: Status.STOPPED,
  deleted: Status.STOPPED,
}

/**
 * The Task service over the containers of `registry`. `shutdown` is called when the caller wants no more of it, with
 * whether it shall leave at once.
 *
 * @internal
 */
export function createTaskService(registry: ContainerRegistry, shutdown: (now: boolean) => void): TaskService {
  return {
    create: async (request, options) => ({ pid: (await registry.create(request, options?.signal)).init.pid }),
    start: async ({ id, execId }, options) => {
      const container = registry.get(id)
      const process = container.process(execId)
      const start = () => startProcess(container, process, registry.socket, options?.signal)
      return { pid: await process.inTurn(start) }
    },
    delete: async ({ id, execId }) => {
      const container = registry.get(id)
      const process = container.process(execId)
      if (execId !== '') return process.inTurn(() => deleteExec(container, process))
      const reply = await process.inTurn(() => deleteContainer(container))
      await registry.forget(container)
      return reply
    },
    exec: async (request) => {
      await addExec(registry.get(request.id), request)
      return nothing
    },
    state: async ({ id, execId }) => stateOf(registry.get(id), execId),
    pids: async ({ id }) => ({ processes: await pidsOf(registry.get(id)) }),
    kill: async (request) => {
      await killProcess(registry.get(request.id), request)
      return nothing
    },
    wait: async ({ id, execId }, options) => {
      const end = await abortable(registry.get(id).process(execId).ended, options?.signal)
      return { exitStatus: end.status, exitedAt: timestampFromNanos(end.nanoseconds) }
    },
    pause: async ({ id }) => {
      const container = registry.get(id)
      await container.init.inTurn(() => freeze(container, 'pause'))
      return nothing
    },
    resume: async ({ id }) => {
      const container = registry.get(id)
      await container.init.inTurn(() => freeze(container, 'resume'))
      return nothing
    },
    resizePty: async ({ id, execId, width, height }) => {
      const process = registry.get(id).process(execId)
      // The original keeps the first process's terminal until its delete, and lets it be resized.
      if (execId !== '' && process.state === 'stopped') {
        throw new StackError('failed-precondition', 'cannot resize a stopped container')
      }
      process.resize(width, height)
      return nothing
    },
    closeIO: async ({ id, execId, stdin }) => {
      const process = registry.get(id).process(execId)
      if (stdin) process.closeInput()
      return nothing
    },
    stats: async ({ id }) => ({ stats: statsOf(registry.get(id)) }),
    update: async ({ id, resources }) => {
      if (resources === undefined) throw new StackError('invalid-argument', 'an update needs resources')
      const { runtime, init } = registry.get(id)
      if (!init.isLive) throw new StackError('failed-precondition', `cannot update a ${init.state} container`)
      await runtime.update(id, unpackJson(resources))
      return nothing
    },
    checkpoint: async () => {
      throw new StackError('not-implemented', 'checkpoint is not supported')
    },
    connect: async ({ id }) => ({ shimPid: process.pid, taskPid: registry.get(id).init.pid, version: '' }),
    shutdown: async ({ now }) => {
      if (registry.size === 0) shutdown(now)
      return nothing
    },
  }
}

function stateOf(container: Container, execId: string) {
  const process = container.process(execId)
  const { pid, state, stdin, stdout, stderr, terminal, exitStatus, exitedAt } = process.record
  return {
    id: execId || container.id,
    bundle: container.bundle,
    pid,
    // A frozen container freezes its execs with it.
    status: statusNumbers[state === 'running' && container.init.state === 'paused' ? 'paused' : state],
    stdin,
    stdout,
    stderr,
    terminal,
    exitStatus,
    exitedAt: exitedAt === '' ? undefined : timestampFromNanos(BigInt(exitedAt)),
    execId,
  }
}

async function pidsOf(container: Container) {
  const execs = new Map<number, ShimProcess>()
  for (const exec of container.execs.values()) execs.set(exec.pid, exec)
  const pids = await container.runtime.pids(container.id)
  return pids.map((pid) => {
    const exec = execs.get(pid)
    return { pid, info: exec && packAny(processDetails, { execId: exec.execId }) }
  })
}

function statsOf(container: Container) {
  const cgroup = container.cgroup()
  if (cgroup === undefined || !cgroup.exists()) throw new StackError('not-found', 'cgroup does not exist')
  return metricsOf(cgroup)
}

/** In the words of containerd's shim. */
function refusalOf(move: 'pause' | 'resume', state: ProcessState): string {
  if (state === 'created') return `cannot ${move} task in created state`
  return `cannot ${move} a ${state} ${move === 'resume' && state === 'running' ? 'process' : 'container'}`
}

async function freeze(container: Container, move: 'pause' | 'resume'): Promise<void> {
  const { init, runtime, id } = container
  checkPresent(init.state, move)
  if (move === 'pause' ? init.state !== 'running' : init.state !== 'paused') {
    throw new StackError('failed-precondition', refusalOf(move, init.state))
  }
  await runtime[move](id)
  if (init.isLive) init.move(move)
  init.save()
  void container.publish(move === 'pause' ? taskEvents.paused : taskEvents.resumed, { containerId: id })
}

/** `promise`, unless the caller leaves first. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
