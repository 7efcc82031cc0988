// SPDX-License-Identifier: Apache-2.0
import type { CreateOptions } from '../container/options.ts'
import type { OptionHelp, OptionValues } from './command.ts'
import { numberOption, textOption } from './parse.ts'

/** Options that create and run share. @internal */
export const createOptionHelp: Readonly<Record<string, OptionHelp>> = {
  bundle: { type: 'string', short: 'b', help: 'root of the bundle, default the current directory' },
  'console-socket': { type: 'string', help: "AF_UNIX socket that receives the master of the container's terminal" },
  'pidfd-socket': { type: 'string', help: "AF_UNIX socket that receives a pidfd of the container's init" },
  'pid-file': { type: 'string', help: 'file to write the process id to' },
  'no-pivot': { type: 'boolean', help: 'move the root instead of pivoting it, for a root on a ramdisk' },
  'no-new-keyring': { type: 'boolean', help: "keep the caller's session keyring" },
  'preserve-fds': { type: 'string', help: 'pass N more descriptors on (stdio + $LISTEN_FDS + N in total, default 0)' },
}

/** The values of {@link createOptionHelp}. @internal */
export function createOptions(options: OptionValues): CreateOptions {
  const consoleSocket = textOption(options, 'console-socket')
  const pidfdSocket = textOption(options, 'pidfd-socket')
  const pidFile = textOption(options, 'pid-file')
  return {
    bundle: textOption(options, 'bundle') ?? '.',
    ...(consoleSocket !== undefined && { consoleSocket }),
    ...(pidfdSocket !== undefined && { pidfdSocket }),
    ...(pidFile !== undefined && { pidFile }),
    ...notifyOption(process.env),
    noPivot: options['no-pivot'] === true,
    noNewKeyring: options['no-new-keyring'] === true,
    preserveFds: numberOption(options, 'preserve-fds', 0),
    listenFds: listenFds(process.env),
  }
}

/** How many sockets this program was activated with, sd_listen_fds(3). @internal */
export function listenFds({ LISTEN_FDS: count = '' }: NodeJS.ProcessEnv): number {
  return /^\d{1,4}$/.test(count) ? Number(count) : 0
}

/** The socket of the service manager that has started this program, sd_notify(3). @internal */
export function notifyOption({ NOTIFY_SOCKET: notifySocket }: NodeJS.ProcessEnv): { notifySocket?: string } {
  return notifySocket ? { notifySocket } : {}
}
