// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { messageOf } from '@teu/errors'
import { parseShimArguments } from '@teu/shim-api'
import { deleteCommand } from './commands/delete.ts'
import { runtimeInfo, runtimeName, versionText } from './commands/info.ts'
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
    print(2, `${runtimeName}: ${messageOf(error)}\n`)
    return 1
  }
}

async function dispatch(invocation: ShimInvocation): Promise<void> {
  switch (invocation.arguments.action) {
    case 'version':
      return print(1, versionText())
    case 'info':
      return print(1, await runtimeInfo(readFileSync(0), invocation))
    case 'start':
      return print(1, await startCommand(invocation, await readInput()))
    case 'delete':
      return print(1, await deleteCommand(invocation))
    case 'serve':
      return serveCommand(invocation)
  }
}

/** How long the caller of `start` may take to say what it has to say, in milliseconds. */
const inputPatienceMs = 1000

/** What containerd writes to standard input: all of it, unless nobody writes there or a person might. */
async function readInput(): Promise<Uint8Array> {
  if (isatty(0)) return new Uint8Array()
  const chunks: Buffer[] = []
  const { stdin } = process
  const timer = setTimeout(() => stdin.destroy(), inputPatienceMs)
  try {
    for await (const chunk of stdin) chunks.push(chunk as Buffer)
  } catch {
    // Closed, or nobody will ever write: what was read is all there is.
  } finally {
    clearTimeout(timer)
    stdin.destroy()
  }
  return Buffer.concat(chunks)
}

/** At once, and not through Node's streams, which a process that exits may leave unwritten. */
function print(fd: number, output: string | Uint8Array): void {
  writeSync(fd, Buffer.from(output))
}
