// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { CgroupManager } from '@teu/linux'
import { type TaskEventType, taskEvent, taskEvents, timestampFromNanos } from '@teu/shim-api'
import { cgroupOfProcess } from '../cgroup/container-cgroup.ts'
import type { EventPublisher } from '../events/event-publisher.ts'
import type { ShimLog } from '../log/shim-log.ts'
import type { ProcessEnd } from '../monitor/monitor-client.ts'
import type { OciRuntime } from '../oci-runtime/oci-runtime.ts'
import { markExitTold } from '../process/process-record.ts'
import type { ShimProcess } from '../process/shim-process.ts'
import type { ContainerRecord } from './container-record.ts'

/** How long the end of the first process waits for the ends of execs to be told first, in milliseconds. */
const execExitPatienceMs = 5000

/** What every container of a shim works with. @internal */
export interface ContainerComponents {
  readonly publisher: EventPublisher
  readonly log: ShimLog
}

/** One container: its runtime, its processes, and the order in which their events go out. @internal */
export class Container {
  readonly record: ContainerRecord
  readonly bundle: string
  readonly runtime: OciRuntime
  readonly init: ShimProcess
  readonly execs = new Map<string, ShimProcess>()
  readonly #components: ContainerComponents
  readonly #exitsTold = new WeakMap<ShimProcess, Promise<void>>()
  readonly #oomWatch = new AbortController()
  #cgroup: CgroupManager | undefined
  #forgotten = false
  /** How often it was told that the kernel has killed a process for memory, and how often before its own notice. */
  #oomsTold = 0n
  #oomsToldEarly = 0

  constructor(record: ContainerRecord, runtime: OciRuntime, init: ShimProcess, components: ContainerComponents) {
    this.record = record
    this.bundle = init.bundle
    this.runtime = runtime
    this.init = init
    this.#components = components
  }

  get id(): string {
    return this.record.id
  }

  /** The process that `execId` names, empty being the first one. `not-found` when there is none. */
  process(execId: string): ShimProcess {
    const process = execId === '' ? this.init : this.execs.get(execId)
    if (process === undefined) throw new StackError('not-found', `process does not exist ${execId}`)
    return process
  }

  /** What the logging program of a process is told: whose output it takes. */
  loggerEnvironment(execId: string): string[] {
    const { id, namespace } = this.record
    return [`CONTAINER_ID=${execId || id}`, `CONTAINER_NAMESPACE=${namespace}`]
  }

  /** Queues an event; resolves as the publisher does. */
  publish<T>(type: TaskEventType<T>, message: T): Promise<boolean> {
    return this.#components.publisher.publish(taskEvent(type, message))
  }

  /** Waits until there is room for the events of one process more. */
  roomForEvents(signal: AbortSignal | undefined): Promise<void> {
    return this.#components.publisher.room(signal)
  }

  /** Reports the end of `process` when it comes. */
  reportExitOf(process: ShimProcess): void {
    const told = process.ended.then((end) => this.#reportExit(process, end))
    this.#exitsTold.set(process, told)
    told.catch((error: unknown) => this.#components.log.warn(`exit of ${this.id} ${process.execId}: ${error}`))
  }

  /** Resolves when the end of `process` is on its way to containerd, so that what follows it comes later. */
  async exitTold(process: ShimProcess): Promise<void> {
    await this.#exitsTold.get(process)?.catch(() => {})
  }

  /** The cgroup of the container; undefined when it has none. It is found once, while the first process is there. */
  cgroup(): CgroupManager | undefined {
    this.#cgroup ??= this.init.isLive ? cgroupOfProcess(this.init.pid) : undefined
    return this.#cgroup
  }

  /** Finds the cgroup ahead of those who will ask for it. */
  findCgroup(): void {
    try {
      this.cgroup()
    } catch (error) {
      this.#components.log.debug(`no cgroup of ${this.id}: ${error}`)
    }
  }

  /** Publishes an event each time the container runs out of memory, unless the end of a process has told it before. */
  async watchMemory({ recovered = false } = {}): Promise<void> {
    try {
      const cgroup = this.cgroup()
      if (cgroup === undefined) return
      if (recovered) this.#oomsTold = cgroup.oomKillCount()
      const { signal } = this.#oomWatch
      for await (const _ of cgroup.oomEvents({ signal, keepAlive: false })) {
        if (this.#oomsToldEarly > 0) this.#oomsToldEarly--
        else this.#tellOom()
      }
    } catch (error) {
      this.#components.log.debug(`no out-of-memory events of ${this.id}: ${error}`)
    }
  }

  /** Nobody will look for this container again: its bundle is left as it is, to be removed by its owner. */
  forget(): void {
    this.#forgotten = true
  }

  /** Ends what this object does in the background. */
  close(): void {
    this.#oomWatch.abort()
  }

  #tellOom(): void {
    this.#oomsTold++
    void this.publish(taskEvents.oom, { containerId: this.id })
  }

  /** The kernel's notice may come later than the end of the process that it killed: the event must not. */
  #tellOomBeforeExit(): void {
    try {
      if (this.#cgroup === undefined || this.#cgroup.oomKillCount() <= this.#oomsTold) return
      this.#tellOom()
      this.#oomsToldEarly++
    } catch (error) {
      this.#components.log.debug(`no out-of-memory count of ${this.id}: ${error}`)
    }
  }

  async #reportExit(process: ShimProcess, end: ProcessEnd): Promise<void> {
    try {
      process.save()
    } catch (error) {
      // The exit file says it too.
      this.#components.log.debug(`record of ${this.id} ${process.execId}: ${error}`)
    }
    if (process === this.init) await this.#endOthers()
    await process.exitReleased
    this.#tellOomBeforeExit()
    const delivered = this.publish(taskEvents.exit, {
      containerId: this.id,
      id: process.execId || this.id,
      pid: process.pid,
      exitStatus: end.status,
      exitedAt: timestampFromNanos(end.nanoseconds),
    })
    void delivered.then((taken) => taken && !this.#forgotten && markExitTold(this.bundle, process.execId))
  }

  /** The end of the first process is the last that is heard of a container, so everything else ends before. */
  async #endOthers(): Promise<void> {
    if (this.record.sharedPids) await this.runtime.kill(this.id, 9, true).catch(() => {})
    const live = [...this.execs.values()].filter((exec) => exec.isLive || this.#exitsTold.has(exec))
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise((resolve) => {
      timer = setTimeout(resolve, execExitPatienceMs)
    })
    await Promise.race([Promise.allSettled(live.map((exec) => this.#exitsTold.get(exec))), patience])
    clearTimeout(timer)
  }
}
