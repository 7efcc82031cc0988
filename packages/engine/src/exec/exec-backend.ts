// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import type { ExecCreateBody, ExecStartBody } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { parseDetachKeys } from '../attach/detach-keys.ts'
import type { Container } from '../containers/container.ts'
import { type ContainerContext, publishContainerEvent } from '../containers/context.ts'
import { checkSize } from '../containers/resize.ts'
import type { ExecBackend } from '../routers/exec/backend.ts'
import { ExecSession, inspectExec } from './exec-session.ts'
import type { ExecStore } from './exec-store.ts'
import { attachExec, startExec } from './start-exec.ts'

/** What the routes of execs do. */
export function execBackend(context: ContainerContext, execs: ExecStore): ExecBackend {
  return {
    create: (containerRef, request) => {
      const container = context.containers.find(containerRef)
      checkCreate(container, request)
      const exec = new ExecSession(randomBytes(32).toString('hex'), container.id, request)
      execs.add(exec)
      container.execIds.add(exec.id)
      publishContainerEvent(context, container, `exec_create: ${(request.Cmd ?? []).join(' ')}`, { execID: exec.id })
      return { Id: exec.id }
    },
    inspect: (id) => inspectExec(execs.find(id)),
    start: async (id, options) => {
      const { exec, container } = claim(context, execs, id)
      await startExec(context, container, exec, options)
    },
    attach: (id, options: ExecStartBody) => {
      const { exec, container } = claim(context, execs, id)
      const attachment = attachExec(context, exec, options)
      return {
        tty: options.Tty ?? false,
        run: (connection, signal) =>
          attachment.serve(connection, signal, () => startExec(context, container, exec, options)),
      }
    },
    resize: async (id, height, width) => {
      const exec = execs.find(id)
      const { h, w } = checkSize(height, width)
      if (exec.status === 'created') throw new StackError('invalid-argument', `exec ${id} is not running`)
      await exec.running.promise
      await context.tasks.resize(exec.containerId, exec.id, h, w)
    },
  }
}

function checkCreate(container: Container, request: ExecCreateBody): void {
  if (!request.Cmd?.length) throw new StackError('invalid-argument', 'No exec command specified')
  if (container.status === 'paused') {
    throw new StackError('conflict', `Container ${container.id} is paused, unpause the container before exec`)
  }
  if (container.status === 'restarting') {
    throw new StackError('conflict', `Container ${container.id} is restarting, wait until the container is running`)
  }
  if (container.status !== 'running') {
    throw new StackError('conflict', `container ${container.id} is not running`)
  }
  if (request.DetachKeys) parseDetachKeys(request.DetachKeys)
}

/** The exec, now ours to start: it can be started once. */
function claim(context: ContainerContext, execs: ExecStore, id: string): { exec: ExecSession; container: Container } {
  const exec = execs.find(id)
  const container = context.containers.find(exec.containerId)
  if (exec.status !== 'created') {
    const message = exec.status === 'ended' ? `exec ${id} has already run` : `exec ${id} is already running`
    throw new StackError('conflict', message)
  }
  if (container.status !== 'running') throw new StackError('conflict', `container ${container.id} is not running`)
  exec.status = 'starting'
  return { exec, container }
}
