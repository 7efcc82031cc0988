// SPDX-License-Identifier: Apache-2.0
import { attachContainer, detachKeysOf } from '../../containers/session.ts'
import { type ExitWait, waitForExit } from '../../containers/wait-exit.ts'
import type { CommandContext } from '../../context/command-context.ts'
import { ExitError, startFailureStatus, usageStatus } from '../../exit-status.ts'
import { text, toggle } from '../../flags/kinds.ts'
import { defineCommand } from '../../grammar/command.ts'
import type { ParsedFlags } from '../../grammar/flag.ts'
import type { AttachedSession } from '../../run/attached-streams.ts'
import { type CreateConfig, createConfigOf } from '../../run/container-config.ts'
import { checkPullPolicy, createContainer } from '../../run/create-container.ts'
import { createFlags } from '../../run/create-flags.ts'
import { proxySignals } from '../../run/proxy-signals.ts'
import { followSize } from '../../run/resize.ts'
import { checkTerminal } from '../../run/terminal-check.ts'

const flags = {
  ...createFlags,
  detach: toggle('Run in the background and print the id', { char: 'd' }),
  'detach-keys': text('Key sequence that leaves the container'),
  'sig-proxy': toggle('Forward signals to the process', { initial: true }),
}

/** `run`: create, attach, wait, start; ends with the container's own exit status. */
export const runCommand = defineCommand({
  path: 'container run',
  aliases: ['run'],
  summary: 'Create and run a new container from an image',
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  flags,
  arguments: { min: 1 },
  stopAtFirstArgument: true,
  run: async (context, input) => {
    const created = withHelp(context, () => {
      checkPullPolicy(input.values.pull)
      return createConfigOf(input, context.env)
    })
    if (input.values.detach) detach(created, input.values.attach)
    else checkTerminal(context.streams, created.config.AttachStdin, created.config.Tty)
    return runContainer(context, created, input)
  },
})

/** What the client refuses itself ends with 125 and a pointer to the help page. */
function withHelp<T>(context: CommandContext, step: () => T): T {
  try {
    return step()
  } catch (error) {
    throw new ExitError(usageStatus, helpText(context, (error as Error).message), { cause: error })
  }
}

function helpText({ binName }: CommandContext, message: string): string {
  return `${binName}: ${message}\n\nRun '${binName} run --help' for more information`
}

function startFailure(context: CommandContext, error: unknown): ExitError {
  const { message } = error as Error
  return new ExitError(startFailureStatus(message), helpText(context, message), { cause: error })
}

function detach({ config }: CreateConfig, attach: readonly string[]): void {
  if (attach.length > 0) throw new Error('conflicting options: cannot specify both --attach and --detach')
  config.AttachStdin = false
  config.AttachStdout = false
  config.AttachStderr = false
  config.StdinOnce = false
}

async function runContainer(
  context: CommandContext,
  created: CreateConfig,
  { values }: ParsedFlags<typeof flags>,
): Promise<number | undefined> {
  const { config } = created
  const id = await createContainer(context, created, values).catch((error) => {
    throw startFailure(context, error)
  })
  const engine = await context.engine()
  const stopProxy = values['sig-proxy']
    ? proxySignals((name) => engine.containerKill(id, { killSignal: name }))
    : () => {}
  if (values['sig-proxy']) context.ownsSignals()
  let session: AttachedSession | undefined
  let stopResize = () => {}
  try {
    if (!config.AttachStdout && !config.AttachStderr) context.print(id)
    if (config.AttachStdin || config.AttachStdout || config.AttachStderr) {
      session = await attachContainer(context, engine, {
        id,
        config,
        detachKeys: detachKeysOf(context, values['detach-keys']),
      })
    }
    const exit = await waitForExit(context, engine, id, values.rm)
    await engine.containerStart(id).catch(async (error) => {
      session?.close()
      if (values.rm) await exit.status()
      throw startFailure(context, error)
    })
    if (!session) return undefined
    if (config.Tty) {
      stopResize = followSize(context.streams.stdout, (size) => engine.containerResize(id, size))
    }
    return await context.untilInterrupted<number>(sessionStatus(session, exit))
  } finally {
    stopResize()
    session?.close()
    stopProxy()
  }
}

/** The container's status once its output has ended; 0 when the user left it. */
async function sessionStatus(session: AttachedSession, exit: ExitWait): Promise<number> {
  const end = await session.end
  return end === 'detached' ? 0 : exit.status()
}
