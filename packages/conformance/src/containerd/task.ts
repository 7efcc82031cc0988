// SPDX-License-Identifier: Apache-2.0
import path from 'node:path'
import { type Any, packJson, type TaskStatus } from '@teu/containerd-api'
import { RuncOptions } from '@teu/shim-api'
import { baseSpec } from '../container/base-spec.ts'
import { type FifoReader, makeFifo, readFifo } from '../container/fifo.ts'
import type { ContainerdContext } from './context.ts'
import type { Wire } from './wire.ts'

/** How the container of a task differs from one that runs a script without input. */
export interface TaskInit {
  /** A parent of the snapshot other than the run's own. */
  parent?: string
  terminal?: boolean
  /** Makes a FIFO for the standard input. */
  input?: boolean
  /** A program in the place of the shell. */
  program?: string
}

/** A process of a task with its streams. */
export interface Streams {
  stdin: string
  stdout: string
  output: FifoReader
}

/** A container with a snapshot of its own, and its task once it is created. */
export class Task {
  readonly #containerd: ContainerdContext
  readonly id: string
  readonly streams: Streams
  readonly terminal: boolean

  private constructor(containerd: ContainerdContext, id: string, init: TaskInit) {
    this.#containerd = containerd
    this.id = id
    this.terminal = init.terminal ?? false
    this.streams = this.makeStreams('init', init.input ?? false)
  }

  /** Makes the record of a container that runs a shell script, and its snapshot. */
  static async prepare(containerd: ContainerdContext, script: string, init: TaskInit): Promise<Task> {
    const { calls, snapshotter, prefix, runtime } = containerd
    const id = containerd.name('task')
    const task = new Task(containerd, id, init)
    await calls.snapshots.prepare({ snapshotter, key: id, parent: init.parent ?? (await containerd.base()) })
    const args = init.program ? [init.program] : ['/bin/sh', '-c', script]
    const spec = baseSpec(`/${prefix}/${id}`, args)
    if (spec.process) spec.process.terminal = task.terminal
    await calls.containers.create({
      container: {
        id,
        snapshotter,
        snapshotKey: id,
        runtime: { name: runtime, options: task.#options() },
        spec: packJson('types.containerd.io/opencontainers/runtime-spec/1/Spec', spec),
      },
    })
    return task
  }

  get #calls(): Wire {
    return this.#containerd.calls
  }

  #options(): Any | undefined {
    if (!this.#containerd.runcOptions) return undefined
    const options = RuncOptions.fromPartial({ root: path.join(this.#containerd.folder, 'runtime') })
    return { typeUrl: 'containerd.runc.v1.Options', value: Buffer.from(RuncOptions.encode(options).finish()) }
  }

  /** FIFOs for a process of the task; its output is read from now on. */
  makeStreams(name: string, input: boolean): Streams {
    const file = (stream: string) => makeFifo(path.join(this.#containerd.folder, `${this.id}-${name}-${stream}`))
    const stdout = file('stdout')
    return { stdin: input ? file('stdin') : '', stdout, output: readFifo(stdout) }
  }

  /** Creates the task, with other streams than its own if they are given; its pid. */
  async create({ stdin, stdout }: Pick<Streams, 'stdin' | 'stdout'> = this.streams): Promise<number> {
    const { snapshotter } = this.#containerd
    const { mounts } = await this.#calls.snapshots.mounts({ snapshotter, key: this.id })
    const stderr = this.terminal ? '' : stdout
    const io = { stdin, stdout, stderr, terminal: this.terminal }
    return (await this.#calls.tasks.create({ containerId: this.id, rootfs: mounts, ...io })).pid
  }

  async start(execId = ''): Promise<number> {
    return (await this.#calls.tasks.start({ containerId: this.id, execId })).pid
  }

  /** The exit status, once there is one. Whoever fails before it awaits this fails with its own error. */
  wait(execId = ''): Promise<number> {
    const status = this.#calls.tasks.wait({ containerId: this.id, execId }).then(({ exitStatus }) => exitStatus)
    status.catch(() => {})
    return status
  }

  kill(signal: number, execId = '', all = false): Promise<unknown> {
    return this.#calls.tasks.kill({ containerId: this.id, execId, signal, all })
  }

  delete() {
    return this.#calls.tasks.delete({ containerId: this.id })
  }

  deleteProcess(execId: string) {
    return this.#calls.tasks.deleteProcess({ containerId: this.id, execId })
  }

  async get(execId = '') {
    return (await this.#calls.tasks.get({ containerId: this.id, execId })).process
  }

  async status(execId = ''): Promise<TaskStatus | undefined> {
    return (await this.get(execId))?.status
  }

  /**
   * Adds a process that runs a script; what it will print. Its standard error has a FIFO of its own: where it is that of
   * the standard output, the shim of containerd 1.6 opens it a second time, and waits for ever if the process, and with
   * it whoever reads, had gone by then.
   */
  async exec(execId: string, script: string): Promise<FifoReader> {
    const { stdout, output } = this.makeStreams(execId, false)
    const process = { ...baseSpec('', ['/bin/sh', '-c', script]).process, terminal: false }
    const spec = packJson('types.containerd.io/opencontainers/runtime-spec/1/Process', process)
    const { stdout: stderr } = this.makeStreams(`${execId}-error`, false)
    await this.#calls.tasks.exec({ containerId: this.id, execId, stdout, stderr, spec })
    return output
  }

  /** Ends and removes whatever there is of it. */
  async remove(): Promise<void> {
    const ignore = () => undefined
    const { calls, snapshotter } = this.#containerd
    if (await calls.tasks.get({ containerId: this.id }).catch(ignore)) {
      await calls.tasks.resume({ containerId: this.id }).catch(ignore)
      await this.kill(9, '', true).catch(ignore)
      await this.wait().catch(ignore)
      await this.delete().catch(ignore)
    }
    await calls.containers.delete({ id: this.id }).catch(ignore)
    await calls.snapshots.remove({ snapshotter, key: this.id }).catch(ignore)
  }
}

/** Runs `use` with a container whose task is created; both are removed in the end, whatever happened. */
export async function withTask(
  containerd: ContainerdContext,
  script: string,
  use: (task: Task, pid: number) => Promise<void>,
  init: TaskInit = {},
): Promise<void> {
  const task = await Task.prepare(containerd, script, init)
  try {
    await use(task, await task.create())
  } finally {
    await task.remove()
  }
}
