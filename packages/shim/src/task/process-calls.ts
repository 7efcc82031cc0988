// SPDX-License-Identifier: Apache-2.0
import { isNotFound, StackError } from '@teu/errors'
import {
  type DeleteResponse,
  type ExecProcessRequest,
  type KillRequest,
  taskEvents,
  timestampFromNanos,
  unpackJson,
} from '@teu/shim-api'
import { loggerArguments, streamsOf } from '../monitor/stream-uri.ts'
import { unmountRootfs } from '../mounts/rootfs.ts'
import { removeProcessFiles } from '../process/process-record.ts'
import { canMove, moveState } from '../process/process-state.ts'
import { newProcessRecord, ShimProcess } from '../process/shim-process.ts'
import type { Container } from './container.ts'
import { consoleSocketBeside, runtimeError } from './create-container.ts'
import { checkIdentifier } from './identifier.ts'

/** Registers an exec; it runs when it is started. @internal */
export async function addExec(container: Container, request: ExecProcessRequest): Promise<void> {
  const { execId, spec } = request
  checkIdentifier(execId, 'exec id')
  if (container.execs.has(execId)) throw new StackError('already-exists', `id ${execId}`)
  if (!container.init.isLive || container.init.state === 'paused') {
    throw new StackError('failed-precondition', `cannot exec in a ${container.init.state} state`)
  }
  if (spec === undefined) throw new StackError('invalid-argument', `exec ${execId} has no process`)
  streamsOf(request)
  loggerArguments(request)
  const exec = new ShimProcess(container.bundle, newProcessRecord(execId, request, unpackJson(spec)))
  container.execs.set(execId, exec)
  exec.save()
  void container.publish(taskEvents.execAdded, { containerId: container.id, execId })
}

/** Starts the first process or an exec; its start is published before its end may be. Gives the pid. @internal */
export async function startProcess(
  container: Container,
  process: ShimProcess,
  shimSocket: string,
  signal: AbortSignal | undefined,
): Promise<number> {
  moveState(process.state, 'start')
  const release = process.holdExit()
  try {
    if (process === container.init) await startInit(container)
    else await startExec(container, process, shimSocket, signal)
    // It may have ended already; then it stays so.
    if (canMove(process.state, 'start')) process.move('start')
    process.save()
    return process.pid
  } finally {
    release()
  }
}

async function startInit(container: Container): Promise<void> {
  const { id, init } = container
  try {
    await container.runtime.start(id)
  } catch (error) {
    throw runtimeError(error, 'OCI runtime start failed')
  }
  void container.publish(taskEvents.start, { containerId: id, pid: init.pid })
  void container.watchMemory()
}

async function startExec(
  container: Container,
  exec: ShimProcess,
  shimSocket: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { id, bundle, init } = container
  await container.roomForEvents(signal)
  if (!init.isLive) throw new StackError('failed-precondition', `cannot exec in a ${init.state} container`)
  const { execId, stdin, stdout, stderr, terminal, spec } = exec.record
  try {
    const made = await container.runtime.exec(
      {
        ...{ id, bundle, execId, stdin, stdout, stderr, terminal, signal },
        consoleSocket: consoleSocketBeside(shimSocket),
        loggerEnvironment: container.loggerEnvironment(execId),
      },
      processOf(exec, spec),
    )
    exec.adopt(made.pid, made.monitor)
  } catch (error) {
    throw runtimeError(error, 'OCI runtime exec failed')
  }
  container.reportExitOf(exec)
  void container.publish(taskEvents.execStarted, { containerId: id, execId, pid: exec.pid })
}

/**
 * The process of an exec. Whether it has a terminal is for the request to say, as with containerd's shim; one has the
 * size that it was given before, since the program may ask at once.
 */
function processOf({ record: { terminal }, size }: ShimProcess, spec: unknown): unknown {
  if (typeof spec !== 'object' || spec === null) return spec
  const consoleSize = terminal && size !== undefined && { consoleSize: { width: size.columns, height: size.rows } }
  return { ...spec, terminal, ...consoleSize }
}

/** Signals a process. `not-found` when it has ended. @internal */
export async function killProcess(container: Container, { execId, signal, all }: KillRequest): Promise<void> {
  const process = container.process(execId)
  if (process === container.init) {
    try {
      return await container.runtime.kill(container.id, signal, all)
    } catch (error) {
      if (isNotFound(error) || !process.isLive) throw alreadyFinished(error)
      throw error
    }
  }
  if (process.pid === 0)
    throw new StackError('failed-precondition', `process not created: exec ${execId} is not started`)
  if (!process.isLive) throw alreadyFinished()
  process.signal(signal)
}

function alreadyFinished(cause?: unknown): StackError {
  return new StackError('not-found', 'process already finished: not found', { cause })
}

/** Forgets an exec that has ended, or was never started. @internal */
export async function deleteExec(container: Container, exec: ShimProcess): Promise<DeleteResponse> {
  moveState(exec.state, 'delete')
  if (exec.isLive) throw new StackError('failed-precondition', `cannot delete a ${exec.state} process`)
  if (exec.pid !== 0) await container.exitTold(exec)
  const reply = deleteReply(exec)
  await exec.release()
  exec.move('delete')
  container.execs.delete(exec.execId)
  removeProcessFiles(container.bundle, exec.execId)
  return reply
}

/** Removes a container that has stopped, or was never started. @internal */
export async function deleteContainer(container: Container): Promise<DeleteResponse> {
  const { init, id, bundle } = container
  moveState(init.state, 'delete')
  const wasCreated = init.isLive
  // Until the end is told the others may still be on their way out, and with a program's `kill --all` the cgroup frozen.
  if (!wasCreated) await container.exitTold(init)
  await container.runtime.delete(id, wasCreated).catch((error: unknown) => {
    if (!isNotFound(error)) throw error
  })
  await init.ended
  await container.exitTold(init)
  const reply = deleteReply(init)
  await Promise.all([init, ...container.execs.values()].map((process) => process.release()))
  container.close()
  unmountRootfs(bundle)
  init.move('delete')
  void container.publish(taskEvents.delete, { containerId: id, id: '', ...reply })
  return reply
}

function deleteReply({ record }: ShimProcess): DeleteResponse {
  const exitedAt = record.exitedAt === '' ? undefined : timestampFromNanos(BigInt(record.exitedAt))
  return { pid: record.pid, exitStatus: record.exitStatus, exitedAt }
}
