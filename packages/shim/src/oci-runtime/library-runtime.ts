// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { StackError } from '@teu/errors'
import { launchMonitor } from '../monitor/launch-monitor.ts'
import type { MonitorClient } from '../monitor/monitor-client.ts'
import type { MadeProcess, MakeProcess, OciRuntime } from './oci-runtime.ts'
import type { LibraryProcessOptions, LibraryRuntime } from './runtime-library.ts'

/** How long a monitor may take to leave that has nothing to do, in milliseconds. */
const farewellMs = 1000

/** What does not change from one container to the next. @internal */
export interface LibraryRuntimeInit {
  readonly noPivot: boolean
  readonly noNewKeyring: boolean
}

/** A runtime library as an {@link OciRuntime}: its launcher starts a monitor, which starts the rest. @internal */
export class LibraryOciRuntime implements OciRuntime {
  readonly #library: LibraryRuntime
  readonly #init: LibraryRuntimeInit

  constructor(library: LibraryRuntime, init: LibraryRuntimeInit) {
    this.#library = library
    this.#init = init
  }

  create(call: MakeProcess): Promise<MadeProcess> {
    const { noPivot, noNewKeyring } = this.#init
    return monitored(call, (options) =>
      this.#library.create(call.id, {
        ...options,
        bundle: call.bundle,
        pidFile: join(call.bundle, 'init.pid'),
        noPivot,
        noNewKeyring,
      }),
    )
  }

  exec(call: MakeProcess, process: unknown): Promise<MadeProcess> {
    return monitored(call, (options) =>
      this.#library.exec(call.id, { ...options, process: process as { args: string[] } }),
    )
  }

  start(id: string): Promise<void> {
    return this.#library.start(id)
  }

  kill(id: string, signal: number, all: boolean): Promise<void> {
    return this.#library.kill(id, signal, { all })
  }

  delete(id: string, force: boolean): Promise<void> {
    return this.#library.delete(id, { force })
  }

  async status(id: string): Promise<string> {
    return (await this.#library.state(id)).status
  }

  pause(id: string): Promise<void> {
    return this.#library.pause(id)
  }

  resume(id: string): Promise<void> {
    return this.#library.resume(id)
  }

  async update(id: string, resources: unknown): Promise<void> {
    if (typeof resources !== 'object' || resources === null) {
      throw new StackError('invalid-argument', 'resources are no object')
    }
    await this.#library.update(id, resources)
  }

  pids(id: string): Promise<number[]> {
    return this.#library.ps(id)
  }
}

async function monitored(
  call: MakeProcess,
  make: (options: LibraryProcessOptions) => Promise<{ pid: number }>,
): Promise<MadeProcess> {
  let monitor: MonitorClient | undefined
  try {
    const { pid } = await make({
      stdio: ['ignore', 'ignore', 'ignore'],
      ...(call.terminal && { consoleSocket: call.consoleSocket }),
      ...(call.signal && { signal: call.signal }),
      launch: async ({ extraFds }) => {
        if (extraFds.length > 0) throw new StackError('not-implemented', 'a shim passes no further descriptors')
        const launched = await launchMonitor(call)
        monitor = launched.client
        return {
          channel: launched.channel as NonNullable<typeof launched.channel>,
          pid: launched.pid,
          ownsChild: false,
        }
      },
    })
    if (monitor === undefined) throw new StackError('internal', 'the runtime used no launcher')
    return { pid, monitor }
  } catch (error) {
    monitor?.quit()
    // To the library a monitor that could not begin is a silent end: the reason is the monitor's.
    await Promise.race([monitor?.left, delay(farewellMs, undefined, { ref: false })])
    throw monitor?.notReady ?? error
  }
}
