// SPDX-License-Identifier: Apache-2.0
import type { Duplex } from 'node:stream'
import type { ExecStartBody } from '@teu/engine-api'
import { isAlreadyExists, messageOf, StackError } from '@teu/errors'
import { Attachment } from '../attach/attach-streams.ts'
import { parseDetachKeys } from '../attach/detach-keys.ts'
import { OutputWriter } from '../attach/output-writer.ts'
import type { Container } from '../containers/container.ts'
import { type ContainerContext, publishContainerEvent } from '../containers/context.ts'
import { ioDirectory } from '../containers/paths.ts'
import { lookUp } from '../containers/user-of.ts'
import { fifoPaths } from '../io/fifo-set.ts'
import { ProcessIo } from '../io/process-io.ts'
import type { TaskEnd } from '../tasks/task-client.ts'
import { execProcess } from './exec-process.ts'
import type { ExecSession } from './exec-session.ts'

/** Starts an added process. On failure it has ended, with 126 or 127 for a command that cannot be run. */
export async function startExec(
  context: ContainerContext,
  container: Container,
  exec: ExecSession,
  options: ExecStartBody,
): Promise<void> {
  const { tasks } = context
  try {
    const process = await processOf(context, container, exec, options)
    const directory = ioDirectory(context.settings, container.id, execIoName(exec.id))
    exec.io = ProcessIo.create(directory, fifoPaths(directory, streamsOf(exec)), exec.hub)
    await tasks.exec(container.id, exec.id, process, exec.io.paths)
    exec.pid = await tasks.start(container.id, exec.id)
    exec.io.started()
    exec.status = 'running'
    exec.running.resolve()
  } catch (error) {
    await fail(context, container, exec, error)
    throw error
  }
  publishContainerEvent(context, container, `exec_start: ${(exec.request.Cmd ?? []).join(' ')}`, { execID: exec.id })
}

/** Name of the directory with an exec's FIFOs. */
export function execIoName(id: string): string {
  return `exec-${id}`
}

async function processOf(context: ContainerContext, container: Container, exec: ExecSession, options: ExecStartBody) {
  const { request } = exec
  const { hostConfig } = container.record
  container.process ??= (await context.tasks.containerSpec(container.id)).process
  if (!container.process) throw new StackError('failed-precondition', `container ${container.id} has no process`)
  return execProcess({
    container: container.process,
    request,
    tty: request.Tty ?? false,
    consoleSize: (options.Tty ? options.ConsoleSize : undefined) ?? request.ConsoleSize,
    user: request.User ? await lookUp(context, container.id, request.User, hostConfig.GroupAdd ?? []) : undefined,
    allCapabilities: context.host.capabilities,
  })
}

function streamsOf({ request }: ExecSession) {
  return { stdin: request.AttachStdin ?? false, stdout: true, stderr: !request.Tty }
}

async function fail(context: ContainerContext, container: Container, exec: ExecSession, error: unknown): Promise<void> {
  const message = messageOf(error)
  const missing = /executable file not found|no such file or directory/.test(message)
  const refused = /permission denied|is a directory|not a directory|exec format error/.test(message)
  // An id that exists already would be another's process: leave it.
  if (!isAlreadyExists(error)) await context.tasks.delete(container.id, exec.id).catch(() => {})
  end(container, exec, missing ? 127 : refused ? 126 : 128)
  exec.running.reject(error)
}

/** An added process has ended: delivers the rest of its output, and removes it. A second report changes nothing. */
export async function finishExec(
  context: ContainerContext,
  container: Container,
  exec: ExecSession,
  { exitStatus }: TaskEnd,
): Promise<void> {
  // The end may be reported before the start is.
  await exec.running.promise.catch(() => {})
  if (exec.status !== 'running') return
  exec.status = 'ended'
  await exec.io?.drained()
  await context.tasks.delete(container.id, exec.id).catch(() => {})
  end(container, exec, exitStatus)
  publishContainerEvent(context, container, 'exec_die', { execID: exec.id, exitCode: String(exitStatus) })
}

function end(container: Container, exec: ExecSession, exitCode: number): void {
  exec.status = 'ended'
  exec.exitCode = exitCode
  exec.endedAt = Date.now()
  exec.io?.remove()
  exec.io = undefined
  container.execIds.delete(exec.id)
  exec.hub.end()
  exec.ended.resolve()
}

/** A client that is attached to an exec before it starts. */
export interface ExecAttachment {
  serve(connection: Duplex, signal: AbortSignal, start: () => Promise<void>): Promise<void>
}

/** Attaches a client to an exec that is about to be started. `invalid-argument` for bad detach keys. */
export function attachExec(context: ContainerContext, exec: ExecSession, options: ExecStartBody): ExecAttachment {
  const { request } = exec
  // The start says how the client reads, the create what the process has: a client that says two things gets both.
  const raw = options.Tty ?? false
  const terminal = request.Tty ?? false
  const closeStdin = () => {
    const stdin = exec.io?.stdin
    if (!stdin || stdin.writableEnded) return
    stdin.end()
    stdin.once('close', () => void context.tasks.closeStdin(exec.containerId, exec.id).catch(() => {}))
  }
  const attachment = new Attachment({
    hub: exec.hub,
    stdout: request.AttachStdout ?? false,
    // A raw stream has no room for a second one.
    stderr: !raw && (request.AttachStderr ?? false),
    framed: !raw,
    stdin: request.AttachStdin
      ? () =>
          exec.running.promise.then(
            () => exec.io?.stdin,
            () => undefined,
          )
      : undefined,
    onStdinEnd:
      request.AttachStdin && !terminal ? () => void exec.running.promise.then(closeStdin, () => {}) : undefined,
    detachKeys: terminal ? parseDetachKeys(request.DetachKeys) : undefined,
  })
  return {
    serve: async (connection, signal, start) => {
      // Not awaited first: the process may not end before the client has taken its output.
      const started = start().catch((error: unknown) => {
        const text = Buffer.from(`${messageOf(error)}\r\n`)
        void new OutputWriter(connection, !raw).write('stdout', text)
      })
      const result = await attachment.run(connection, signal)
      await started
      if (result === 'process-ended') await exec.ended.promise
    },
  }
}
