// SPDX-License-Identifier: Apache-2.0
import type { Spec } from '@teu/oci-spec/runtime'
import type { CreateOptions } from '../container/options.ts'
import { checkForegroundConsole } from '../container/terminal-rules.ts'
import { attend } from '../foreground/attend.ts'
import { ForegroundTerminal, ownTerminalSize } from '../foreground/terminal.ts'
import { loadBundle } from '../spec/load-spec.ts'
import type { Command, CommandContext } from './command.ts'
import { createOptionHelp, createOptions, notifyOption } from './process-options.ts'

/** `run`. @internal */
export const command: Command = {
  name: 'run',
  summary: 'create and run a container',
  usage: '[command options] <container-id>',
  arguments: { exactly: 1 },
  options: {
    ...createOptionHelp,
    detach: { type: 'boolean', short: 'd', help: 'leave once the container runs' },
    keep: { type: 'boolean', help: 'do not delete the container after it has ended' },
    'no-subreaper': { type: 'boolean', help: 'accepted; orphans of the container are never taken over' },
  },
  failurePrefix: 'teu-runtime run failed: ',
  async run(context) {
    const { runtime, options, positionals, signal } = context
    const id = positionals[0] as string
    const given = { ...createOptions(options), signal }
    if (options.detach === true) {
      await runtime.create(id, given)
      await startOrRemove(context, id, true)
      return 0
    }
    return runInForeground(context, id, given)
  },
}

async function runInForeground(context: CommandContext, id: string, given: CreateOptions): Promise<number> {
  const { runtime, options, signal } = context
  const { spec } = loadBundle(given.bundle ?? '.')
  checkForegroundConsole(given.consoleSocket)
  await using terminal = spec.process.terminal ? await ForegroundTerminal.open() : undefined
  const started = await runtime.create(id, {
    ...given,
    spec: withOwnSize(spec),
    ...(terminal && { consoleSocket: terminal.consoleSocket }),
  })
  await terminal?.connect()
  const attended = attend(started, terminal, (number) => runtime.kill(id, number))
  // A start that fails leaves nothing to attend.
  attended.catch(() => {})
  await startOrRemove(context, id, false)
  const exitCode = await attended
  if (options.keep !== true) await runtime.delete(id, { signal: signal.aborted ? AbortSignal.timeout(10_000) : signal })
  return exitCode
}

function withOwnSize(spec: Spec): Spec {
  const size = ownTerminalSize()
  if (spec.process === undefined || !spec.process.terminal || spec.process.consoleSize || !size) return spec
  return { ...spec, process: { ...spec.process, consoleSize: size } }
}

/** @param leaves Whether this program ends while the container goes on, so that a service manager looks after that. */
async function startOrRemove({ runtime, signal }: CommandContext, id: string, leaves: boolean): Promise<void> {
  try {
    await runtime.start(id, { signal, ...notifyOption(process.env), notifyMainPid: leaves })
  } catch (error) {
    await runtime.delete(id, { force: true })
    throw error
  }
}
