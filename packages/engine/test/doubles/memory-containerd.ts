// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import {
  type Container,
  type ContainerdServices,
  type Envelope,
  namespaceOf,
  packAny,
  TaskExit,
  type TaskProcess,
  TaskStatus,
  timestampNow,
  timestampOf,
} from '@teu/containerd-api'
import { StackError } from '@teu/errors'
import type { Process, Spec } from '@teu/oci-spec/runtime'

/** One process that the double pretends to run: it understands a handful of commands. */
class FakeProcess {
  readonly args: readonly string[]
  readonly pid: number
  readonly io: { stdin: string; stdout: string; stderr: string }
  status: TaskStatus = TaskStatus.CREATED
  exitStatus = 0
  exitedAt = 0n
  readonly #fds: number[]
  #stdin: number | undefined
  #poll: NodeJS.Timeout | undefined
  readonly #onExit: (process: FakeProcess) => void

  constructor(args: readonly string[], pid: number, io: FakeProcess['io'], onExit: (process: FakeProcess) => void) {
    this.args = args
    this.pid = pid
    this.io = io
    this.#onExit = onExit
    // Held open for both directions, as a monitor does, so that a reader that comes and goes loses nothing.
    this.#fds = [io.stdout, io.stderr].filter(Boolean).map((file) => openSync(file, constants.O_RDWR))
    if (io.stdin) this.#stdin = openSync(io.stdin, constants.O_RDWR | constants.O_NONBLOCK)
  }

  start(): void {
    this.status = TaskStatus.RUNNING
    const [command = '', ...rest] = this.args
    if (command === 'echo') this.#say(`${rest.join(' ')}\n`)
    if (command === 'complain') writeSync(this.#fds[1] as number, `${rest.join(' ')}\n`)
    if (command === 'cat') this.#poll = setInterval(() => this.#copy(), 2)
    if (command === 'sleep') return
    if (command === 'cat') return
    setImmediate(() => this.exit(command === 'exit' ? Number(rest[0]) : 0))
  }

  /** The end of input: `cat` ends when it has everything. */
  closeStdin(): void {
    this.#copy()
    if (this.args[0] === 'cat') this.exit(0)
  }

  exit(status: number): void {
    if (this.status === TaskStatus.STOPPED) return
    clearInterval(this.#poll)
    this.status = TaskStatus.STOPPED
    this.exitStatus = status
    this.exitedAt = BigInt(Date.now()) * 1_000_000n
    for (const fd of this.#fds) closeSync(fd)
    if (this.#stdin !== undefined) closeSync(this.#stdin)
    this.#onExit(this)
  }

  #say(text: string | Uint8Array): void {
    writeSync(this.#fds[0] as number, text as string)
  }

  #copy(): void {
    const buffer = Buffer.alloc(65536)
    for (;;) {
      try {
        const length = readSync(this.#stdin as number, buffer)
        if (length === 0) return
        this.#say(buffer.subarray(0, length))
      } catch {
        return
      }
    }
  }
}

interface FakeTask {
  init: FakeProcess
  execs: Map<string, FakeProcess>
}

/** Messages of everything that a subscriber has not read. */
class Subscription {
  readonly queue: Envelope[] = []
  wake = () => {}
}

/**
 * The part of a containerd that an engine runs containers on, in memory: containers, tasks whose processes understand
 * `echo`, `complain`, `cat`, `sleep` and `exit N`, events, version. It outlives the engines of a test, as the real
 * one does.
 */
export class MemoryContainerd {
  readonly containers = new Map<string, Container>()
  readonly tasks = new Map<string, FakeTask>()
  readonly #subscriptions = new Set<Subscription>()
  /** How long a start takes, in milliseconds. */
  startTakes = 0
  #nextPid = 1000

  /** Ends every subscription, as a containerd that was restarted does. */
  dropSubscribers(): void {
    for (const subscription of this.#subscriptions) {
      this.#subscriptions.delete(subscription)
      subscription.wake()
    }
  }

  get services(): ContainerdServices {
    return {
      version: { version: async () => ({ version: '1.6.20', revision: 'double' }) },
      events: { subscribe: (_: unknown, options: { signal?: AbortSignal }) => this.#subscribe(options.signal) },
      containers: this.#containersService(),
      tasks: this.#tasksService(),
    } as unknown as ContainerdServices
  }

  #containersService() {
    return {
      create: async ({ container }: { container: Container }, options: object) => {
        namespaceOf(options)
        if (this.containers.has(container.id)) throw new StackError('already-exists', `container ${container.id}`)
        this.containers.set(container.id, container)
        return { container }
      },
      get: async ({ id }: { id: string }) => ({ container: required(this.containers.get(id), 'container') }),
      delete: async ({ id }: { id: string }) => {
        required(this.containers.get(id), 'container')
        this.containers.delete(id)
        return {}
      },
    }
  }

  #tasksService() {
    type Ids = { containerId: string; execId: string }
    const task = (id: string) => required(this.tasks.get(id), `task ${id}`)
    const find = ({ containerId, execId }: Ids) =>
      execId ? required(task(containerId).execs.get(execId), `process ${execId}`) : task(containerId).init
    return {
      create: async (request: { containerId: string } & FakeProcess['io']) => {
        const { containerId: id } = request
        const spec = JSON.parse(Buffer.from(this.containers.get(id)?.spec?.value ?? []).toString()) as Spec
        const init = this.#process(id, id, spec.process?.args ?? [], request)
        this.tasks.set(id, { init, execs: new Map() })
        return { containerId: id, pid: init.pid }
      },
      exec: async (request: { spec: { value: Uint8Array } } & Ids & FakeProcess['io']) => {
        const { args } = JSON.parse(Buffer.from(request.spec.value).toString()) as Process
        const process = this.#process(request.containerId, request.execId, args ?? [], request)
        task(request.containerId).execs.set(request.execId, process)
        return {}
      },
      start: async (ids: Ids) => {
        const process = find(ids)
        await new Promise((resolve) => setTimeout(resolve, this.startTakes))
        process.start()
        return { pid: process.pid }
      },
      kill: async (request: Ids & { signal: number }) => {
        const process = find(request)
        if (process.status === TaskStatus.STOPPED) throw new StackError('not-found', 'process already finished')
        // Like a program that handles SIGHUP.
        if (request.signal !== 1) process.exit(128 + request.signal)
        return {}
      },
      delete: async ({ containerId }: Ids) => {
        const { init } = task(containerId)
        if (init.status !== TaskStatus.STOPPED) throw new StackError('failed-precondition', 'task must be stopped')
        this.tasks.delete(containerId)
        return { id: '', pid: init.pid, exitStatus: init.exitStatus, exitedAt: timestampOf(init.exitedAt) }
      },
      deleteProcess: async (ids: Ids) => {
        const process = find(ids)
        task(ids.containerId).execs.delete(ids.execId)
        return { id: ids.execId, pid: process.pid, exitStatus: process.exitStatus, exitedAt: undefined }
      },
      get: async (ids: Ids) => ({ process: processOf(ids.containerId, find(ids)) }),
      list: async () => ({ tasks: [...this.tasks].map(([id, { init }]) => processOf(id, init)) }),
      listPids: async ({ containerId }: Ids) => ({ processes: [{ pid: task(containerId).init.pid, info: undefined }] }),
      closeIO: async (ids: Ids) => {
        find(ids).closeStdin()
        return {}
      },
      resizePty: async (ids: Ids) => {
        find(ids)
        return {}
      },
      pause: async ({ containerId }: Ids) => {
        task(containerId).init.status = TaskStatus.PAUSED
        return {}
      },
      resume: async ({ containerId }: Ids) => {
        task(containerId).init.status = TaskStatus.RUNNING
        return {}
      },
    }
  }

  #process(containerId: string, id: string, args: readonly string[], io: FakeProcess['io']): FakeProcess {
    if (args[0] === 'nosuch') {
      throw new StackError(
        'unknown',
        'failed to create shim task: OCI runtime create failed: exec: "nosuch": executable file not found in $PATH: unknown',
      )
    }
    return new FakeProcess(args, this.#nextPid++, io, ({ pid, exitStatus }) => {
      const exit = { containerId, id, pid, exitStatus, exitedAt: timestampNow() }
      this.publish('/tasks/exit', packAny('containerd.events.TaskExit', TaskExit, exit))
    })
  }

  /** Sends an event to all who follow. */
  publish(topic: string, event: Envelope['event']): void {
    for (const subscription of this.#subscriptions) {
      subscription.queue.push({ timestamp: timestampNow(), namespace: 'moby', topic, event })
      subscription.wake()
    }
  }

  async *#subscribe(signal: AbortSignal | undefined): AsyncGenerator<Envelope> {
    const subscription = new Subscription()
    this.#subscriptions.add(subscription)
    signal?.addEventListener('abort', () => {
      this.#subscriptions.delete(subscription)
      subscription.wake()
    })
    while (this.#subscriptions.has(subscription)) {
      const next = subscription.queue.shift()
      if (next) yield next
      else
        await new Promise<void>((resolve) => {
          subscription.wake = resolve
        })
    }
  }
}

function processOf(id: string, process: FakeProcess): TaskProcess {
  const { pid, status, exitStatus, exitedAt, io } = process
  return { containerId: '', id, pid, status, ...io, terminal: false, exitStatus, exitedAt: timestampOf(exitedAt) }
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new StackError('not-found', `${what}: not found`)
  return value
}
