// SPDX-License-Identifier: Apache-2.0
import type { EngineClient } from '@teu/engine-api'
import { messageOf } from '@teu/errors'
import { attachContainer, detachKeysOf } from '../../containers/session.ts'
import { waitForExit } from '../../containers/wait-exit.ts'
import type { CommandContext } from '../../context/command-context.ts'
import { ExitError } from '../../exit-status.ts'
import { text, toggle } from '../../flags/kinds.ts'
import { defineCommand } from '../../grammar/command.ts'
import { proxySignals } from '../../run/proxy-signals.ts'
import { followSize } from '../../run/resize.ts'

/** `start`: starts containers, attached to one when asked. */
export const startCommand = defineCommand({
  path: 'container start',
  aliases: ['start'],
  summary: 'Start one or more stopped containers',
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: {
    attach: toggle('Attach output and forward signals', { char: 'a' }),
    'detach-keys': text('Key sequence that leaves the container'),
    interactive: toggle("Attach the container's stdin", { char: 'i' }),
  },
  arguments: { min: 1 },
  run: async (context, { values, args }) => {
    const engine = await context.engine()
    if (!values.attach && !values.interactive) return startAll(context, engine, args)
    if (args.length > 1) throw new Error('you cannot start and attach multiple containers at once')
    return startAttached(context, engine, args[0] as string, {
      interactive: values.interactive,
      detachKeys: detachKeysOf(context, values['detach-keys']),
    })
  },
})

async function startAll(context: CommandContext, engine: EngineClient, names: readonly string[]): Promise<undefined> {
  const failed: string[] = []
  for (const name of names) {
    try {
      await engine.containerStart(name, { signal: context.signal })
      context.print(name)
    } catch (error) {
      if (context.signal.aborted) throw error
      context.printError(messageOf(error))
      failed.push(name)
    }
  }
  if (failed.length > 0) throw new ExitError(1, `Error: failed to start containers: ${failed.join(', ')}`)
  return undefined
}

async function startAttached(
  context: CommandContext,
  engine: EngineClient,
  name: string,
  { interactive, detachKeys }: { interactive: boolean; detachKeys: string },
): Promise<number> {
  const { Id: id, Config: config, HostConfig: host } = await engine.containerInspect(name)
  const stopProxy = config.Tty ? () => {} : proxySignals((signal) => engine.containerKill(id, { killSignal: signal }))
  if (!config.Tty) context.ownsSignals()
  const attached = {
    ...config,
    AttachStdin: interactive && (config.OpenStdin ?? false),
    AttachStdout: true,
    AttachStderr: true,
  }
  const session = await attachContainer(context, engine, { id, config: attached, detachKeys })
  let stopResize = () => {}
  try {
    const exit = await waitForExit(context, engine, id, host.AutoRemove ?? false)
    await engine.containerStart(id)
    if (config.Tty) {
      stopResize = followSize(context.streams.stdout, (size) => engine.containerResize(id, size))
    }
    return await context.untilInterrupted<number>(session.end.then((end) => (end === 'detached' ? 0 : exit.status())))
  } finally {
    stopResize()
    session.close()
    stopProxy()
  }
}
