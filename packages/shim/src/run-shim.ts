// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeSync } from 'node:fs'
import { messageOf } from '@teu/errors'
import { parseShimArguments } from '@teu/shim-api'
import { deleteCommand } from './commands/delete.ts'
import { runtimeInfo, versionText } from './commands/info.ts'
import { serveCommand } from './commands/serve.ts'
import { startCommand } from './commands/start.ts'
import type { ShimInvocation } from './commands/surroundings.ts'
import type { RuntimeLibrary } from './oci-runtime/runtime-library.ts'

/** How a shim's program is run. @public */
export interface RunShimInit {
  /** The arguments after the program's name. */
  readonly argv: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** Gives the runtime of containers that ask for no other one; asked once, by the first of them. Default: none, so runc. */
  readonly runtimeLibrary?: (() => Promise<RuntimeLibrary | undefined>) | undefined
}

/**
 * The whole of `containerd-shim-teu-v1`: `start`, `delete`, `-v`, `-info`, and, without an action, the server. Prints on
 * the standard streams of this process, and gives the exit status: 0, or 1 after an error, whose text it prints.
 *
 * The server runs until it is idle. It expects to own the process: it changes the working directory and takes signals.
 *
 * @public
 */
export async function runShim(init: RunShimInit): Promise<number> {
  try {
    const invocation = {
      arguments: parseShimArguments(init.argv),
      env: init.env,
      runtimeLibrary: init.runtimeLibrary ?? (async () => undefined),
    }
    await dispatch(invocation)
    return 0
  } catch (error) {
    print(2, `${messageOf(error)}\n`)
    return 1
  }
}

async function dispatch(invocation: ShimInvocation): Promise<void> {
  switch (invocation.arguments.action) {
    case 'version':
      return print(1, versionText())
    case 'info':
      return print(1, runtimeInfo(readFileSync(0)))
    case 'start':
      return print(1, await startCommand(invocation))
    case 'delete':
      return print(1, await deleteCommand(invocation))
    case 'serve':
      return serveCommand(invocation)
  }
}

/** At once, and not through Node's streams, which a process that exits may leave unwritten. */
function print(fd: number, output: string | Uint8Array): void {
  writeSync(fd, Buffer.from(output))
}
