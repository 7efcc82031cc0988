// SPDX-License-Identifier: Apache-2.0
import type { Duplex } from 'node:stream'
import { StackError } from '@teu/errors'
import { nowNanoseconds } from '../clock.ts'
import type { Container } from '../containers/container.ts'
import { type ContainerContext, publishContainerEvent } from '../containers/context.ts'
import { Attachment } from './attach-streams.ts'
import { parseDetachKeys } from './detach-keys.ts'
import { OutputWriter } from './output-writer.ts'

/** What a client asks for when it attaches. */
export interface ContainerAttachRequest {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly logs: boolean
  readonly stream: boolean
  readonly detachKeys: string | undefined
}

/** A client that is attached and waits to be served. */
export interface PendingAttach {
  readonly tty: boolean
  run(connection: Duplex, signal: AbortSignal): Promise<void>
}

/**
 * Attaches a client. What the container outputs from now on reaches it. `conflict` for a frozen or restarting
 * container, `invalid-argument` for bad detach keys.
 */
export function attachContainer(
  context: ContainerContext,
  container: Container,
  request: ContainerAttachRequest,
): PendingAttach {
  checkAttachable(container)
  const { config } = container.record
  const tty = config.Tty ?? false
  const detachKeys = parseDetachKeys(request.detachKeys)
  const attachment = request.stream ? attach(context, container, request, detachKeys) : undefined
  const attachedAt = nowNanoseconds()
  publishContainerEvent(context, container, 'attach')
  return {
    tty,
    run: async (connection, signal) => {
      if (request.logs) await replayLogs(container, request, new OutputWriter(connection, !tty), attachedAt, signal)
      const end = await attachment?.run(connection, signal)
      if (end === 'detached') publishContainerEvent(context, container, 'detach')
    },
  }
}

function checkAttachable({ id, status }: Container): void {
  if (status === 'paused') {
    throw new StackError('conflict', `container ${id} is paused, unpause the container before attach`)
  }
  if (status === 'restarting') {
    throw new StackError('conflict', `container ${id} is restarting, wait until the container is running`)
  }
}

function attach(
  context: ContainerContext,
  container: Container,
  request: ContainerAttachRequest,
  detachKeys: readonly number[],
): Attachment {
  const { config } = container.record
  const takesInput = request.stdin && (config.OpenStdin ?? false)
  return new Attachment({
    hub: container.hub,
    stdout: request.stdout,
    stderr: request.stderr,
    framed: !config.Tty,
    stdin: takesInput ? () => container.running.promise.then(() => container.io?.stdin) : undefined,
    // A terminal stays open: its user may have left and come back.
    onStdinEnd: takesInput && config.StdinOnce && !config.Tty ? () => closeStdin(context, container) : undefined,
    detachKeys: config.Tty ? detachKeys : undefined,
  })
}

/** Lets the process see the end of its input once it has everything that was written. */
function closeStdin(context: ContainerContext, container: Container): void {
  const close = () => {
    const stdin = container.io?.stdin
    if (!stdin || stdin.writableEnded) return
    stdin.end()
    stdin.once('close', () => {
      // The other holder of the FIFO is the container's monitor. A process that has ended needs no end of input.
      context.tasks.closeStdin(container.id, '').catch(() => {})
    })
  }
  void container.running.promise.then(close)
}

async function replayLogs(
  container: Container,
  request: ContainerAttachRequest,
  writer: OutputWriter,
  until: bigint,
  signal: AbortSignal,
): Promise<void> {
  if (!container.log.readable) return
  for await (const { stream, line } of container.log.read({ follow: false, until, signal })) {
    if ((stream === 'stdout' && request.stdout) || (stream === 'stderr' && request.stderr)) {
      await writer.write(stream, line)
    }
  }
}
