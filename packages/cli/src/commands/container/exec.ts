// SPDX-License-Identifier: Apache-2.0

import type { EngineClient, ExecCreateBody } from '@teu/engine-api'
import { isUnavailable } from '@teu/errors'
import { detachBytes, detachKeysOf } from '../../containers/session.ts'
import type { CommandContext } from '../../context/command-context.ts'
import { terminalSize } from '../../context/streams.ts'
import { checkEnvName } from '../../flags/checks.ts'
import { readPairs } from '../../flags/env-file.ts'
import { list, text, toggle } from '../../flags/kinds.ts'
import { defineCommand } from '../../grammar/command.ts'
import type { ParsedFlags } from '../../grammar/flag.ts'
import { AttachedSession } from '../../run/attached-streams.ts'
import { followSize } from '../../run/resize.ts'
import { checkTerminal } from '../../run/terminal-check.ts'

const flags = {
  detach: toggle('Run in the background', { char: 'd' }),
  'detach-keys': text('Key sequence that leaves the process'),
  env: list('Environment variables', { char: 'e', check: checkEnvName }),
  'env-file': list('Files of environment variables'),
  interactive: toggle('Keep stdin open without a client', { char: 'i' }),
  privileged: toggle('Give the process all of the host'),
  tty: toggle('Give the process a terminal', { char: 't' }),
  user: text('User to run as (<name|uid>[:<group|gid>])', { char: 'u' }),
  workdir: text('Directory to start in', { char: 'w' }),
}

/** `exec`: runs one more process in a running container; ends with its exit status. */
export const execCommand = defineCommand({
  path: 'container exec',
  aliases: ['exec'],
  summary: 'Execute a command in a running container',
  usage: '[OPTIONS] CONTAINER COMMAND [ARG...]',
  flags,
  arguments: { min: 2 },
  stopAtFirstArgument: true,
  run: async (context, input) => {
    const { values, args } = input
    const name = args[0] as string
    const exec = execBody(context, input)
    const engine = await context.engine()
    // A missing or stopped container is reported before the terminal is looked at.
    await engine.containerInspect(name)
    if (!values.detach) checkTerminal(context.streams, exec.AttachStdin, exec.Tty)
    const { height, width } = terminalSize(context.streams.stdout)
    const size = values.tty && (height > 0 || width > 0) ? { ConsoleSize: [height, width] } : {}
    const { Id: id } = await engine.execCreate(name, { ...exec, ...size })
    if (id === '') throw new Error('exec ID empty')
    if (values.detach) {
      await engine.execStart(id, { Tty: values.tty, ...size })
      return undefined
    }
    return attachExec(context, engine, id, { ...exec, ...size })
  },
})

function execBody(context: CommandContext, { values, args }: ParsedFlags<typeof flags>): ExecCreateBody {
  const given = values.env.map((entry) => {
    const value = context.env[entry]
    return entry.includes('=') || value === undefined ? entry : `${entry}=${value}`
  })
  const env = readPairs(values['env-file'], given, (name) => context.env[name])
  const keys = detachKeysOf(context, values['detach-keys'])
  return {
    User: values.user,
    Privileged: values.privileged,
    Tty: values.tty,
    AttachStdin: values.interactive && !values.detach,
    AttachStdout: !values.detach,
    AttachStderr: !values.detach,
    DetachKeys: keys,
    ...(env.length > 0 ? { Env: env } : {}),
    WorkingDir: values.workdir,
    Cmd: args.slice(1),
  }
}

async function attachExec(
  context: CommandContext,
  engine: EngineClient,
  id: string,
  exec: ExecCreateBody,
): Promise<number> {
  const { Tty: tty = false, ConsoleSize, DetachKeys: keys = '' } = exec
  const connection = await engine.execAttach(id, { Tty: tty, ...(ConsoleSize ? { ConsoleSize } : {}) })
  const { streams } = context
  const session = new AttachedSession({
    connection,
    stdin: exec.AttachStdin ? streams.stdin : undefined,
    stdout: streams.stdout,
    stderr: tty ? streams.stdout : streams.stderr,
    tty,
    detachKeys: detachBytes(context, keys),
  })
  context.signal.addEventListener('abort', () => session.close())
  const stopResize = tty ? followSize(streams.stdout, (size) => engine.execResize(id, size)) : () => {}
  try {
    if ((await session.end) === 'detached') throw new Error('read escape sequence')
    context.signal.throwIfAborted()
    return await exitStatus(engine, id)
  } finally {
    stopResize()
    session.close()
  }
}

/** The status of the process; 255 when the engine went away before it could say. */
async function exitStatus(engine: EngineClient, id: string): Promise<number> {
  try {
    return (await engine.execInspect(id)).ExitCode ?? 0
  } catch (error) {
    if (isUnavailable(error)) return 255
    throw error
  }
}
