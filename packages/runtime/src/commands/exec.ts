// SPDX-License-Identifier: Apache-2.0

import { StackError } from '@teu/errors'
import { sendSignal } from '@teu/linux'
import type { Process } from '@teu/oci-spec/runtime'
import { checkContainerId } from '../container/container-id.ts'
import type { ExecOptions } from '../container/options.ts'
import { StateDirectory } from '../container/state-file.ts'
import { checkForegroundConsole } from '../container/terminal-rules.ts'
import { attend } from '../foreground/attend.ts'
import { ForegroundTerminal, ownTerminalSize } from '../foreground/terminal.ts'
import type { Command, CommandContext } from './command.ts'
import { cgroupFromOptions, processFromOptions, readProcess } from './exec-process.ts'
import { numberOption, textOption } from './parse.ts'
import { listenFds } from './process-options.ts'

/** `exec`. @internal */
export const command: Command = {
  name: 'exec',
  summary: 'run another process in a container',
  usage: '[command options] <container-id> <command> [args...]  || -p process.json <container-id>',
  arguments: { atLeast: 1 },
  stopsAtFirstArgument: true,
  options: {
    'console-socket': { type: 'string', help: "AF_UNIX socket that receives the master of the process's terminal" },
    cwd: { type: 'string', help: 'working directory in the container' },
    env: { type: 'string', short: 'e', multiple: true, help: 'set an environment variable' },
    tty: { type: 'boolean', short: 't', help: 'give the process a terminal' },
    user: { type: 'string', short: 'u', help: 'user as <uid>[:<gid>]' },
    'additional-gids': { type: 'string', short: 'g', multiple: true, help: 'more groups' },
    process: { type: 'string', short: 'p', help: 'file with the whole process as JSON' },
    detach: { type: 'boolean', short: 'd', help: 'leave once the process runs' },
    'pidfd-socket': { type: 'string', help: 'AF_UNIX socket that receives a pidfd of the process' },
    'pid-file': { type: 'string', help: 'file to write the process id to' },
    'process-label': { type: 'string', help: 'SELinux label of the process' },
    apparmor: { type: 'string', help: 'AppArmor profile of the process' },
    'no-new-privs': { type: 'boolean', help: 'let no execve gain privileges' },
    cap: { type: 'string', short: 'c', multiple: true, help: 'add a capability' },
    'preserve-fds': {
      type: 'string',
      help: 'pass N more descriptors on (stdio + $LISTEN_FDS + N in total, default 0)',
    },
    cgroup: { type: 'string', multiple: true, help: 'run in a sub-cgroup, [<controller>:]<cgroup>' },
    'ignore-paused': { type: 'boolean', help: 'allow it in a paused container' },
  },
  failureStatus: 255,
  failurePrefix: 'exec failed: ',
  async run(context) {
    const { runtime, options, positionals } = context
    const [id = ''] = positionals
    const execution = await execOptions(context)
    if (options.detach === true) {
      await runtime.exec(id, execution)
      return 0
    }
    return execInForeground(context, id, execution)
  },
}

async function execOptions(context: CommandContext): Promise<ExecOptions & { process: Process }> {
  const { options, signal } = context
  const consoleSocket = textOption(options, 'console-socket')
  const pidfdSocket = textOption(options, 'pidfd-socket')
  const pidFile = textOption(options, 'pid-file')
  const cgroup = cgroupFromOptions(options)
  return {
    process: (await chosenProcess(context)) as Process & { args: string[] },
    ...(consoleSocket !== undefined && { consoleSocket }),
    ...(pidfdSocket !== undefined && { pidfdSocket }),
    ...(pidFile !== undefined && { pidFile }),
    ...(cgroup && { cgroup }),
    preserveFds: numberOption(options, 'preserve-fds', 0),
    listenFds: listenFds(process.env),
    ignorePaused: options['ignore-paused'] === true,
    signal,
  }
}

async function chosenProcess({ root, options, positionals }: CommandContext): Promise<Process> {
  const [id = '', ...args] = positionals
  checkContainerId(id)
  const saved = await new StateDirectory(root).read(id)
  const file = textOption(options, 'process')
  if (file !== undefined) return readProcess(file)
  if (args.length === 0) throw new StackError('invalid-argument', 'process args cannot be empty')
  return processFromOptions(saved.spec.process, args, options)
}

async function execInForeground(
  { runtime }: CommandContext,
  id: string,
  given: ExecOptions & { process: Process },
): Promise<number> {
  checkForegroundConsole(given.consoleSocket)
  await using terminal = given.process.terminal ? await ForegroundTerminal.open() : undefined
  const size = terminal && ownTerminalSize()
  const started = await runtime.exec(id, {
    ...given,
    process: { ...given.process, args: given.process.args ?? [], ...(size && { consoleSize: size }) },
    ...(terminal && { consoleSocket: terminal.consoleSocket }),
  })
  await terminal?.connect()
  // The terminal is there until the last of its output has come.
  return await attend(started, terminal, async (number) => sendSignal(started.pid, number))
}
