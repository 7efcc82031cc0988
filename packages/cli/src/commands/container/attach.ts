// SPDX-License-Identifier: Apache-2.0
import type { ContainerInspect, EngineClient } from '@teu/engine-api'
import { attachContainer, detachKeysOf } from '../../containers/session.ts'
import type { CommandContext } from '../../context/command-context.ts'
import { terminalSize } from '../../context/streams.ts'
import { text, toggle } from '../../flags/kinds.ts'
import { defineCommand } from '../../grammar/command.ts'
import { proxySignals } from '../../run/proxy-signals.ts'
import { followSize } from '../../run/resize.ts'
import { checkTerminal } from '../../run/terminal-check.ts'

/** `attach`: takes part in a running container's input and output; ends with its exit status. */
export const attachCommand = defineCommand({
  path: 'container attach',
  aliases: ['attach'],
  summary: 'Attach local standard input, output, and error streams to a running container',
  usage: '[OPTIONS] CONTAINER',
  flags: {
    'detach-keys': text('Key sequence that leaves the container'),
    'no-stdin': toggle('Do not attach stdin'),
    'sig-proxy': toggle('Forward signals to the process', { initial: true }),
  },
  arguments: { min: 1, max: 1 },
  run: async (context, { values, args }) => {
    const name = args[0] as string
    const engine = await context.engine()
    // The wait comes first: the container may end between any two later calls.
    const { result } = await engine.containerWait(name)
    const container = await inspectRunning(engine, name)
    const { Config: config } = container
    const stdin = !values['no-stdin'] && (config.OpenStdin ?? false)
    checkTerminal(context.streams, stdin, config.Tty)
    const stopProxy =
      values['sig-proxy'] && !config.Tty
        ? proxySignals((signal) => engine.containerKill(name, { killSignal: signal }))
        : () => {}
    if (values['sig-proxy'] && !config.Tty) context.ownsSignals()
    const attached = { ...config, AttachStdin: stdin, AttachStdout: true, AttachStderr: true }
    const detachKeys = detachKeysOf(context, values['detach-keys'])
    const session = await attachContainer(context, engine, { id: name, config: attached, detachKeys })
    let stopResize = () => {}
    try {
      await inspectRunning(engine, name)
      if (config.Tty) stopResize = await redraw(context, engine, name)
      return await context.untilInterrupted<number>(
        session.end.then((end) => (end === 'detached' ? 0 : statusOf(result))),
      )
    } finally {
      stopResize()
      session.close()
      stopProxy()
    }
  },
})

async function inspectRunning(engine: EngineClient, name: string): Promise<ContainerInspect> {
  const container = await engine.containerInspect(name)
  const { State: state } = container
  if (!state.Running) throw new Error('cannot attach to a stopped container, start it first')
  if (state.Paused) throw new Error('cannot attach to a paused container, unpause it first')
  if (state.Restarting) throw new Error('cannot attach to a restarting container, wait until it is running')
  return container
}

/** A size one larger and then the real one make the program draw its screen again. */
async function redraw(context: CommandContext, engine: EngineClient, name: string): Promise<() => void> {
  const { stdout } = context.streams
  const { height, width } = terminalSize(stdout)
  if (height > 0 || width > 0) {
    await engine.containerResize(name, { height: height + 1, width: width + 1 }).catch(() => {})
  }
  return followSize(stdout, (size) => engine.containerResize(name, size))
}

async function statusOf(result: Promise<{ StatusCode: number; Error?: { Message: string } }>): Promise<number> {
  const { StatusCode, Error: failure } = await result
  if (failure?.Message) throw new Error(failure.Message)
  return StatusCode
}
