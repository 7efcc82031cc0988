// SPDX-License-Identifier: Apache-2.0
import { StackError, wrap } from '@teu/errors'
import { encodeProgram, type Step } from '../program/program.ts'
import { launchError } from './failure.ts'
import type { InitLauncher, Launched, LaunchRequest } from './launcher.ts'
import { SyncChannel } from './sync-channel.ts'

/** What the runtime does at each pause of init; a rejection ends the launch. @internal */
export interface ConversationHandlers {
  /** Hears of what init does. */
  debug?: (message: string) => void
  /** Writes the id maps of the process that has just made its user namespace. */
  mapIds?: (pid: number) => Promise<void>
  /**
   * Takes note of the final init. Unless it is `placed`, which means that it enters its cgroup by itself, it waits
   * for this to put it there.
   */
  created: (pid: number, placed: boolean) => Promise<void>
  /** Runs the hooks that belong between the mounts and the pivot. */
  hooks?: () => Promise<void>
}

/** A launch that has come to `ready`. @internal */
export interface ReadyProcess {
  pid: number
  launched: Launched
  /** The program it was given. */
  steps: readonly Step[]
  channel: SyncChannel
}

/**
 * Launches init while `compile` makes its program, gives it to it, and holds the conversation up to `ready`. On a failure the channel is closed,
 * which ends init if it still lives, and the error is that of the step that failed.
 *
 * @internal
 */
export async function launchProgram(
  launch: InitLauncher,
  request: LaunchRequest,
  compile: () => Promise<readonly Step[]>,
  handlers: ConversationHandlers,
): Promise<ReadyProcess> {
  const launching = launch(request)
  const { steps, program } = await compiled(compile).catch(async (error) => {
    await abandon(launching)
    throw error
  })
  const launched = await launching
  const channel = new SyncChannel(launched.channel)
  try {
    handlers.debug?.(`launch program of ${program.length} bytes: ${steps.map(({ kind }) => kind).join(' ')}`)
    channel.send(program)
    return { pid: await converse(channel, steps, handlers), launched, channel, steps }
  } catch (error) {
    channel.close()
    request.signal?.throwIfAborted()
    throw error
  }
}

/** Resolves when init executes its program: the channel, which is closed by execve, ends without a failure. @internal */
export async function awaitExecution(channel: SyncChannel, steps: readonly Step[]): Promise<void> {
  const message = await channel.next()
  channel.close()
  if (message?.kind === 'failure') throw launchError(steps, message)
}

async function converse(channel: SyncChannel, steps: readonly Step[], handlers: ConversationHandlers): Promise<number> {
  let pid = 0
  for (;;) {
    const message = await channel.next()
    handlers.debug?.(`init: ${message === undefined ? 'end of the channel' : Object.values(message).join(' ')}`)
    switch (message?.kind) {
      case 'map-ids':
        await handlers.mapIds?.(message.pid)
        break
      case 'pid':
        pid = message.pid
        await handlers.created(pid, message.placed === 1)
        if (message.waits === 0) continue
        break
      case 'hooks':
        await runHandler(handlers.hooks)
        break
      case 'ready':
        return pid
      case 'failure':
        throw launchError(steps, message)
      default:
        throw new StackError('internal', 'unable to start container process: init ended before it was ready')
    }
    channel.go()
  }
}

async function runHandler(handler: (() => Promise<void>) | undefined): Promise<void> {
  try {
    await handler?.()
  } catch (error) {
    throw wrap(error, 'unable to start container process: error during container init')
  }
}

async function compiled(compile: () => Promise<readonly Step[]>) {
  const steps = await compile()
  return { steps, program: encode(steps) }
}

/** Ends an init that will get no program. */
async function abandon(launching: Promise<Launched>): Promise<void> {
  try {
    const { channel } = await launching
    new SyncChannel(channel).close()
  } catch {
    // It was not launched, which is not what went wrong first.
  }
}

function encode(steps: readonly Step[]): Uint8Array {
  try {
    return encodeProgram(steps)
  } catch (error) {
    throw new StackError('invalid-argument', `config.json: ${(error as Error).message}`, { cause: error })
  }
}
