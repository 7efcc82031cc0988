// SPDX-License-Identifier: Apache-2.0
import { type Envelope, TaskExit, timestampNow, unpackAny } from '@teu/containerd-api'
import { isNotFound, isUnavailable, messageOf, StackError } from '@teu/errors'
import { namespaceMetadata, type TaskService } from '@teu/shim-api'
import type { EventExchange } from '../events/exchange.ts'
import type { Logger } from '../log/logger.ts'
import { abortable } from './abortable.ts'
import { Bundle, type BundleRoots, listBundles } from './bundle.ts'
import type { Shim } from './shim.ts'
import { ShimPool, type ShimPoolInit } from './shim-pool.ts'
import type { NewTask, Task, TaskEnd } from './task.ts'

/** How long the way back to a shim's state may take at the start, in milliseconds. */
const reviveTimeoutMs = 10_000

/** What the manager is made of. */
export interface TaskManagerInit extends Omit<ShimPoolInit, 'died'> {
  roots: BundleRoots
  events: EventExchange
}

/**
 * The tasks of all namespaces. They live in their shims; this knows which shim has which, finds them again after a
 * restart, and tells the world when a shim has died.
 */
export class TaskManager {
  readonly #tasks = new Map<string, Task>()
  readonly #creating = new Set<string>()
  readonly #reviving = new Map<Shim, Promise<void>>()
  readonly #init: TaskManagerInit
  readonly #shims: ShimPool
  readonly #log: Logger
  #closed = false

  constructor(init: TaskManagerInit) {
    this.#init = init
    this.#log = init.log
    this.#shims = new ShimPool({ ...init, died: (shim) => this.#shimDied(shim) })
    init.events.listen((envelope) => this.#noteExit(envelope))
  }

  /** @throws `not-found`, in containerd's words */
  get(namespace: string, id: string): Task {
    const task = this.#tasks.get(keyOf(namespace, id))
    if (task === undefined) throw new StackError('not-found', `task ${id} not found`)
    return task
  }

  list(namespace: string): Task[] {
    return [...this.#tasks.values()].filter((task) => task.namespace === namespace)
  }

  /** @throws `already-exists` while there is a task of the same container */
  async create(init: NewTask): Promise<Task> {
    const { namespace, id } = init
    const key = keyOf(namespace, id)
    if (this.#tasks.has(key) || this.#creating.has(key))
      throw new StackError('already-exists', `task ${id}: already exists`)
    this.#creating.add(key)
    try {
      const bundle = new Bundle(this.#init.roots, namespace, id)
      bundle.create(init.spec)
      return await this.#createIn(bundle, init)
    } finally {
      this.#creating.delete(key)
    }
  }

  /**
   * Calls the shim of a task. A shim of ours that died meanwhile is started again, and a call that changes nothing is
   * then repeated.
   */
  async call<T>(task: Task, repeatable: boolean, use: (service: TaskService) => Promise<T>): Promise<T> {
    if (!task.shim.alive) {
      await this.#reviving.get(task.shim)
      this.#checkPresent(task)
    }
    const { shim } = task
    try {
      return await use(shim.task)
    } catch (error) {
      if (!isUnavailable(error)) throw error
      await this.#reviving.get(shim)
      if (!repeatable || task.shim === shim || !task.shim.alive) throw error
      return this.call(task, repeatable, use)
    }
  }

  /**
   * Deletes a task whose first process has ended, and all that was made for it. One call does: those that come meanwhile
   * wait for it, and find no task after it unless it failed. It goes on when its caller leaves.
   *
   * @throws `not-found` when the task is gone, or its shim does not have it any more
   */
  async delete(task: Task, signal?: AbortSignal): Promise<TaskEnd> {
    while (task.deleting !== undefined) await abortable(task.deleting, signal).catch(() => signal?.throwIfAborted())
    this.#checkPresent(task)
    task.deleting = this.#deleteNow(task).finally(() => {
      task.deleting = undefined
    })
    return abortable(task.deleting, signal)
  }

  /** Finds the tasks of an earlier daemon, and cleans up after those whose shim is gone. Only at the start. */
  async reload(): Promise<void> {
    const bundles = await listBundles(this.#init.roots)
    const lost: Bundle[] = []
    await Promise.all(
      bundles.map(async (bundle) => {
        const shim = bundle.isComplete ? await this.#shims.find(bundle) : undefined
        if (shim === undefined || !(await this.#adopt(bundle, shim))) lost.push(bundle)
      }),
    )
    for (const bundle of lost) {
      const shim = bundle.isComplete ? await this.#shims.revive(bundle) : undefined
      if (shim !== undefined && (await this.#adopt(bundle, shim))) continue
      await this.#cleanUp(bundle, { pid: 0, exited: false, binary: (await bundle.loadShim()).binary })
    }
  }

  /** Lets the tasks go on without the daemon. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#shims.close()
  }

  #checkPresent(task: Task): void {
    const { namespace, id } = task
    if (this.#tasks.get(keyOf(namespace, id)) !== task) throw new StackError('not-found', `task ${id} not found`)
  }

  async #createIn(bundle: Bundle, init: NewTask, again = false): Promise<Task> {
    const { namespace, id, runtime, options, signal } = init
    let shim: Shim | undefined
    try {
      shim = await this.#shims.acquire(runtime, bundle, options, signal)
      shim.tasks.add(keyOf(namespace, id))
      const { stdin, stdout, stderr, terminal } = init
      const request = { id, bundle: bundle.path, rootfs: [...init.rootfs], stdin, stdout, stderr, terminal, options }
      const { pid } = await shim.task.create(
        { ...request, checkpoint: '', parentCheckpoint: '' },
        { signal, metadata: namespaceMetadata(namespace) },
      )
      const task = { namespace, id, bundle, shim, pid, exited: false }
      this.#tasks.set(keyOf(namespace, id), task)
      return task
    } catch (error) {
      // One of ours that was connected may have died since: the next one is started.
      const died = shim?.isOwn === true && !shim.alive && isUnavailable(error)
      if (died && !again) {
        shim?.tasks.delete(keyOf(namespace, id))
        return this.#createIn(bundle, init, true)
      }
      await this.#undoCreate(bundle, shim)
      throw error
    }
  }

  async #undoCreate(bundle: Bundle, shim: Shim | undefined): Promise<void> {
    if (shim !== undefined) {
      shim.tasks.delete(keyOf(bundle.namespace, bundle.id))
      if (!shim.isOwn || !shim.alive) await this.#shims.cleanUp(bundle, shim.binary)
      this.#shims.releaseIfIdle(shim)
    }
    this.#removeBundle(bundle)
  }

  async #deleteNow(task: Task): Promise<TaskEnd> {
    const { namespace, id } = task
    const metadata = namespaceMetadata(namespace)
    try {
      const end = await this.call(task, false, (service) => service.delete({ id, execId: '' }, { metadata }))
      await this.#drop(task)
      return end
    } catch (error) {
      if (!isNotFound(error) || this.#tasks.get(keyOf(namespace, id)) !== task) throw error
      // The shim has forgotten it: the rest of the work is ours, and how the task ended was told before.
      await this.#drop(task)
      throw new StackError('not-found', `task ${id} not found`, { cause: error })
    }
  }

  async #drop(task: Task): Promise<void> {
    const { namespace, id, shim, bundle } = task
    const key = keyOf(namespace, id)
    this.#tasks.delete(key)
    shim.tasks.delete(key)
    this.#shims.releaseIfIdle(shim)
    await this.#holdName(key, async () => {
      // Our shim has removed everything in its answer; others count on being called once more.
      if (!shim.isOwn) await this.#shims.cleanUp(bundle, shim.binary)
      this.#removeBundle(bundle)
    })
  }

  /** A name is taken until everything is gone: a new task of it would meet the old one's remains. */
  async #holdName(key: string, work: () => Promise<void>): Promise<void> {
    this.#creating.add(key)
    try {
      await work()
    } finally {
      this.#creating.delete(key)
    }
  }

  async #adopt(bundle: Bundle, shim: Shim): Promise<boolean> {
    const { namespace, id } = bundle
    try {
      const options = { timeoutMs: reviveTimeoutMs, metadata: namespaceMetadata(namespace) }
      const { taskPid } = await shim.task.connect({ id }, options)
      shim.tasks.add(keyOf(namespace, id))
      const known = this.#tasks.get(keyOf(namespace, id))
      if (known === undefined)
        this.#tasks.set(keyOf(namespace, id), { namespace, id, bundle, shim, pid: taskPid, exited: false })
      else known.shim = shim
      if (shim.binary !== undefined) bundle.saveShim(shim.binary, shim.reply)
      return true
    } catch (error) {
      this.#log.warn({ namespace, id, error: messageOf(error) }, 'shim does not have the task')
      return false
    }
  }

  #shimDied(shim: Shim): void {
    if (this.#closed || shim.tasks.size === 0) return
    this.#log.warn({ address: shim.reply.address, tasks: shim.tasks.size }, 'shim has died')
    const revived = this.#afterDeath(shim)
      .catch((error) => this.#log.error({ error: messageOf(error) }, 'cleaning up after a shim failed'))
      .finally(() => this.#reviving.delete(shim))
    this.#reviving.set(shim, revived)
  }

  async #afterDeath(dead: Shim): Promise<void> {
    const tasks = [...dead.tasks].map((key) => this.#tasks.get(key)).filter((task) => task !== undefined)
    for (const task of tasks) {
      const shim = await this.#shims.revive(task.bundle)
      if (shim !== undefined && (await this.#adopt(task.bundle, shim))) continue
      const key = keyOf(task.namespace, task.id)
      this.#tasks.delete(key)
      const last = { pid: task.pid, exited: task.exited, binary: dead.binary }
      await this.#holdName(key, () => this.#cleanUp(task.bundle, last))
    }
  }

  /** What a shim would have said and done, had it lived. */
  async #cleanUp(bundle: Bundle, last: { pid: number; exited: boolean; binary: string | undefined }): Promise<void> {
    const { namespace, id } = bundle
    const end = bundle.isComplete ? await this.#shims.cleanUp(bundle, last.binary) : undefined
    const exitedAt = timestampNow()
    const exit = { containerId: id, pid: end?.pid || last.pid, exitStatus: end?.exitStatus ?? 255, exitedAt }
    if (bundle.isComplete) {
      if (!last.exited) this.#init.events.publish(namespace, '/tasks/exit', 'TaskExit', { ...exit, id })
      this.#init.events.publish(namespace, '/tasks/delete', 'TaskDelete', exit)
    }
    this.#removeBundle(bundle)
  }

  #removeBundle(bundle: Bundle): void {
    try {
      bundle.remove()
    } catch (error) {
      const { namespace, id } = bundle
      this.#log.warn({ namespace, id, error: messageOf(error) }, 'bundle remains until the next start')
    }
  }

  #noteExit({ topic, namespace, event }: Envelope): void {
    if (topic !== '/tasks/exit' || event === undefined) return
    try {
      const { containerId, id } = unpackAny(event, 'containerd.events.TaskExit', TaskExit)
      const task = this.#tasks.get(keyOf(namespace, containerId))
      if (task !== undefined && id === containerId) task.exited = true
    } catch {
      // Whoever sent it sent no exit.
    }
  }
}

function keyOf(namespace: string, id: string): string {
  return `${namespace}/${id}`
}
