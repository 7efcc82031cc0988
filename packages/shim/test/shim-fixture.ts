// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, constants, openSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  connectShim,
  type Envelope,
  EventsDefinition,
  type ShimCall,
  type ShimConnection,
  type StartReply,
  startShim,
  type TaskService,
} from '@teu/shim-api'
import { createTtrpcServer, type TtrpcServer } from '@teu/ttrpc'
import { installMachinePrograms } from '../../../scripts/machine-programs.mjs'
import { type Bundle, type ContainerInit, makeBundle } from './bundles.ts'
import { type ToldEvent, toldEvent } from './event-topics.ts'
import { makeFifo, releaseReaders } from './fifos.ts'
import { killQuietly, shimsOf } from './processes.ts'

const shimSource = join(import.meta.dirname, '../src/bin/containerd-shim-teu-v1.ts')

/** A task that runs, with the shim that has it. */
export interface RunningTask {
  id: string
  bundle: Bundle
  task: TaskService
  pid: number
}

/** Plays containerd for a shim: bundles, the Events service, and the bootstrap; all in one temporary folder. */
export class ShimFixture implements AsyncDisposable {
  readonly events: Envelope[] = []
  readonly folder: string
  readonly #server: TtrpcServer
  readonly #connections: ShimConnection[] = []
  readonly #bundles: Bundle[] = []
  readonly cgroup = `/teu-test-${randomBytes(4).toString('hex')}`

  readonly #program: string | undefined
  readonly #logs: number[] = []

  private constructor(folder: string, server: TtrpcServer, program: string | undefined) {
    this.folder = folder
    this.#program = program
    this.#server = server
  }

  /** With the program of another shim, it is that one's tests. */
  static async create(program?: string): Promise<ShimFixture> {
    const folder = await mkdtemp('/tmp/teu-shim-')
    const server = createTtrpcServer()
    const fixture = new ShimFixture(folder, server, program)
    server.add(EventsDefinition, {
      forward: async ({ envelope }) => {
        if (envelope !== undefined) fixture.events.push(envelope)
        return {}
      },
    })
    try {
      await server.listen(fixture.ttrpcAddress)
      const wrapper = join(folder, 'containerd-shim-teu-v1')
      await writeFile(wrapper, `#!/bin/sh\nexec ${process.execPath} --conditions=teu-source ${shimSource} "$@"\n`)
      await chmod(wrapper, 0o755)
      installMachinePrograms(join(folder, 'programs'))
      return fixture
    } catch (error) {
      // A server that listens would keep the test's process for ever.
      await fixture[Symbol.asyncDispose]()
      throw error
    }
  }

  get shimBinary(): string {
    return this.#program ?? join(this.folder, 'containerd-shim-teu-v1')
  }

  get ttrpcAddress(): string {
    return join(this.folder, 'c.sock.ttrpc')
  }

  /** Makes a bundle whose root file system has the machine's shell, and what goes with it. */
  async bundle(init: ContainerInit): Promise<Bundle> {
    const bundle = await makeBundle(this.folder, this.cgroup, init)
    // The original does not live without somebody to tell.
    if (this.#program !== undefined) {
      this.#logs.push(openSync(makeFifo(join(bundle.path, 'log')), constants.O_RDWR | constants.O_NONBLOCK))
    }
    this.#bundles.push(bundle)
    return bundle
  }

  /** Runs the shim's start action for a bundle. */
  start(bundle: Bundle, call: Partial<ShimCall> = {}): Promise<StartReply> {
    return startShim({
      binary: this.shimBinary,
      namespace: 'test',
      id: bundle.id,
      bundle: bundle.path,
      address: join(this.folder, 'c.sock'),
      ttrpcAddress: this.ttrpcAddress,
      maximumTaskVersion: 3,
      serves: 'namespace',
      ...call,
    })
  }

  /** Starts the shim of a bundle and connects to it. */
  async connect(bundle: Bundle, call: Partial<ShimCall> = {}): Promise<TaskService> {
    const connection = connectShim(await this.start(bundle, call))
    this.#connections.push(connection)
    return connection.task
  }

  /** Asks a shim to create the task of a bundle. */
  async createTask(task: TaskService, bundle: Bundle): Promise<number> {
    const { id, path, terminal, stdin, stdout, stderr, options } = bundle
    const request = { id, bundle: path, rootfs: [], terminal, stdin, stdout, stderr, options }
    const { pid } = await task.create({ ...request, checkpoint: '', parentCheckpoint: '' }, { timeoutMs: 20_000 })
    return pid
  }

  /** Kills every shim of this folder, without a chance to say goodbye. */
  killShims(): void {
    for (const pid of this.shims()) killQuietly(pid)
  }

  /** Makes a bundle and starts its task, with other streams than the bundle's FIFOs where `streams` says so. */
  async run(init: ContainerInit, streams: Partial<Bundle> = {}): Promise<RunningTask> {
    const bundle = await this.bundle(init)
    const task = await this.connect(bundle)
    const pid = await this.createTask(task, { ...bundle, ...streams })
    await task.start({ id: bundle.id, execId: '' })
    return { id: bundle.id, bundle, task, pid }
  }

  /** Kills a task and deletes it. */
  async end({ task, id }: Pick<RunningTask, 'task' | 'id'>): Promise<void> {
    await task.kill({ id, execId: '', signal: 9, all: true })
    await task.wait({ id, execId: '' }, { timeoutMs: 10_000 })
    await task.delete({ id, execId: '' })
  }

  /** The pids of the shims of this folder. */
  shims(): number[] {
    return shimsOf(this.folder)
  }

  /** The topics of one container's events so far, an exit with the id of its process. */
  topics(id: string): string[] {
    return this.happened().flatMap(({ containerId, topic }) => (containerId === id ? [topic] : []))
  }

  /** What every event says, in their order. */
  happened(): ToldEvent[] {
    return this.events.map(toldEvent)
  }

  /** Waits until `condition` holds. */
  async until(condition: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
    const end = Date.now() + ms
    while (!(await condition())) {
      if (Date.now() > end) throw new Error('the condition did not come true')
      await delay(20)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Only a shim that leaves by itself takes its socket along, which another one has in a folder of its own.
    if (this.#program !== undefined) await this.#shutdownAll()
    for (const connection of this.#connections) connection.close()
    this.killShims()
    for (const bundle of this.#bundles) {
      await this.#killCgroup(bundle.id)
      for (const path of [bundle.stdin, bundle.stdout, bundle.stderr]) releaseReaders(path)
    }
    for (const log of this.#logs) closeSync(log)
    await this.#server.close()
    await delay(50)
    await rm(this.folder, { recursive: true, force: true })
    await this.#removeCgroups()
  }

  async #shutdownAll(): Promise<void> {
    for (const { task } of this.#connections) {
      await task.shutdown({ id: '', now: true }, { timeoutMs: 2000 }).catch(() => {})
    }
  }

  async #killCgroup(id: string): Promise<void> {
    const procs = `/sys/fs/cgroup/pids${this.cgroup}/${id}/cgroup.procs`
    for (const line of (await readFile(procs, 'utf8').catch(() => '')).split('\n')) {
      if (line !== '') killQuietly(Number(line))
    }
  }

  async #removeCgroups(): Promise<void> {
    try {
      execFileSync('sh', [
        '-c',
        `find /sys/fs/cgroup/*${this.cgroup} -depth -type d -exec rmdir {} + 2>/dev/null || true`,
      ])
    } catch {}
  }
}
