// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { type Any, RuncOptions } from '@teu/shim-api'
import { processesIn, removeCgroups } from '../container/cgroups.ts'
import { defaultBusybox, fillRoot } from '../container/root-file-system.ts'
import { until } from '../container/waiting.ts'
import { EventReceiver } from './event-receiver.ts'

/** How a shim is put under test. @public */
export interface ShimContextInit {
  /** The shim's program: a path, or a name to find in `PATH`. */
  shim: string
  /** The OCI runtime that it shall run; its own choice by default. */
  runtimeBinary?: string
  /** A static program that is both `sh` and its tools; `/bin/busybox` by default. */
  busybox?: string
}

/**
 * What a containerd has for its shims: a folder for bundles, an Events service, and a cgroup below `/`, all with a
 * name of the run's own; {@link ShimContext.dispose} takes all of it away, with every process that is left.
 */
export class ShimContext {
  readonly shim: string
  /** Where bundles are, and sockets: so it is short. */
  readonly folder: string
  readonly events = new EventReceiver()
  /** In every name that the run makes; its cgroup is `/<prefix>`. */
  readonly prefix = `conformance-${randomBytes(4).toString('hex')}`
  readonly #runtimeBinary: string
  #count = 0

  private constructor(init: ShimContextInit, folder: string) {
    this.shim = init.shim
    this.#runtimeBinary = init.runtimeBinary ?? ''
    this.folder = folder
  }

  /** Makes the folder, one root file system for all containers, and the Events service. */
  static async create(init: ShimContextInit): Promise<ShimContext> {
    const context = new ShimContext(init, await mkdtemp('/tmp/shim-'))
    await fillRoot(context.rootFileSystem, init.busybox ?? defaultBusybox)
    await context.events.listen(`${context.address}.ttrpc`)
    return context
  }

  /** The gRPC address that shims are told; nobody listens there. */
  get address(): string {
    return path.join(this.folder, 'c.sock')
  }

  /** The tree that every container gets as a bind mount. */
  get rootFileSystem(): string {
    return path.join(this.folder, 'base')
  }

  /** A name that nothing else has. */
  name(kind: string): string {
    return `${this.prefix}-${kind}-${this.#count++}`
  }

  /** What start is given on its standard input, and Create as its options. */
  get options(): Any {
    const options = { binaryName: this.#runtimeBinary, root: path.join(this.folder, 'runtime') }
    return {
      typeUrl: 'containerd.runc.v1.Options',
      value: Buffer.from(RuncOptions.encode(RuncOptions.fromPartial(options)).finish()),
    }
  }

  /** The mounts that are below the run's folder now. */
  mounts(): string[] {
    return readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[4] ?? '')
      .filter((point) => point.startsWith(`${this.folder}/`))
  }

  /** The shims that were told the run's address and have not ended. */
  shimProcesses(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => commandLine(pid).includes(`${this.address}\0`))
      .map(Number)
  }

  /** Kills what is left, and removes what it leaves. */
  async dispose(): Promise<void> {
    for (const pid of this.shimProcesses()) kill(pid)
    for (const pid of await processesIn(this.prefix)) kill(pid)
    await until('all processes end', async () => (await processesIn(this.prefix)).length === 0).catch(() => {})
    for (const point of this.mounts().reverse()) execFileSync('umount', ['-l', point])
    await this.events.close()
    await removeCgroups(this.prefix)
    await rm(this.folder, { recursive: true, force: true })
  }
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It went by itself.
  }
}
