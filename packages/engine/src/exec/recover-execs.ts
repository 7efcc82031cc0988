// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { nanosecondsOf, TaskStatus } from '@teu/containerd-api'
import { isNotFound, messageOf } from '@teu/errors'
import { nowNanoseconds } from '../clock.ts'
import type { Container } from '../containers/container.ts'
import type { ContainerContext } from '../containers/context.ts'
import { execDirectory } from '../containers/paths.ts'
import { fifoPaths } from '../io/fifo-set.ts'
import { ProcessIo } from '../io/process-io.ts'
import { ExecSession } from './exec-session.ts'
import type { ExecStore } from './exec-store.ts'
import { execIoName, finishExec } from './start-exec.ts'

/** The exit code of a process whose own was lost with its task. */
const lostExit = 255

/**
 * After the start of the engine: takes over the added processes of the one before. Nobody is attached to them any
 * more, but their output must be read, or they would wait for ever, and their ends must be dealt with.
 */
export async function recoverExecs(context: ContainerContext, execs: ExecStore): Promise<void> {
  const running = [...context.containers].filter(({ hasProcess }) => hasProcess)
  await Promise.all(
    running.flatMap((container) => leftOver(context, container).map((id) => recover(context, execs, container, id))),
  )
}

/** After a gap in the event stream: ends of added processes that nobody reported are found out. */
export async function reconcileExecs(context: ContainerContext, execs: ExecStore): Promise<void> {
  await Promise.all(execs.running().map((exec) => reconcile(context, exec)))
}

async function reconcile(context: ContainerContext, exec: ExecSession): Promise<void> {
  const container = context.containers.byId(exec.containerId)
  if (!container) return
  // What is being started now may have been started before the gap was over.
  await exec.running.promise.catch(() => {})
  if (exec.status !== 'running') return
  const process = await context.tasks.get(container.id, exec.id).catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })
  if (process !== undefined && process.status !== TaskStatus.STOPPED) return
  const end = process
    ? { exitStatus: process.exitStatus, exitedAt: nanosecondsOf(process.exitedAt) }
    : { exitStatus: lostExit, exitedAt: nowNanoseconds() }
  await finishExec(context, container, exec, end)
}

function leftOver(context: ContainerContext, container: Container): string[] {
  try {
    return readdirSync(execDirectory(context.settings, container.id))
      .map((name) => /^exec-([0-9a-f]{64})$/.exec(name)?.[1])
      .filter((id) => id !== undefined)
  } catch {
    return []
  }
}

async function recover(context: ContainerContext, execs: ExecStore, container: Container, id: string): Promise<void> {
  const directory = path.join(execDirectory(context.settings, container.id), execIoName(id))
  try {
    const process = await context.tasks.get(container.id, id)
    if (!process) return void (await rm(directory, { recursive: true, force: true }))
    const exec = new ExecSession(id, container.id, { Tty: process.terminal })
    exec.pid = process.pid
    exec.status = 'running'
    const streams = { stdin: process.stdin !== '', stdout: process.stdout !== '', stderr: process.stderr !== '' }
    exec.io = ProcessIo.reopen(directory, fifoPaths(directory, streams), exec.hub)
    exec.running.resolve()
    execs.add(exec)
    container.execIds.add(id)
    if (process.status !== TaskStatus.STOPPED) return
    const end = { exitStatus: process.exitStatus, exitedAt: nanosecondsOf(process.exitedAt) }
    await finishExec(context, container, exec, end)
  } catch (error) {
    if (isNotFound(error)) await rm(directory, { recursive: true, force: true })
    else context.log.warn('an added process could not be taken over', { exec: id, error: messageOf(error) })
  }
}
