// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Any } from '@teu/containerd-api'
import { messageOf } from '@teu/errors'
import {
  deleteWithShim,
  namespaceMetadata,
  resolveShimBinary,
  type ShimCall,
  type StartReply,
  startShim,
} from '@teu/shim-api'
import type { Logger } from '../log/logger.ts'
import type { Bundle } from './bundle.ts'
import { isOwnShim, Shim } from './shim.ts'

/** How long a shim without tasks is kept, in milliseconds. */
const idleMs = 60_000

/** How long shims may take, in milliseconds. */
export interface ShimTimeouts {
  /** To answer whether they are there. */
  loadMs: number
  /** To end. */
  shutdownMs: number
  /** To remove what a dead one left. */
  cleanupMs: number
}

/** What the pool is made of. */
export interface ShimPoolInit {
  /** The daemon's gRPC address, which shims are told. */
  address: string
  /** Where shims deliver their events. */
  ttrpcAddress: string
  /** The program that publishes events for shims that cannot. */
  publishBinary?: string | undefined
  /** Programs of shims, by the name of the runtime; others are looked for in PATH. */
  shimPaths: Readonly<Record<string, string>>
  debug: boolean
  timeouts: ShimTimeouts
  log: Logger
  /** Hears that a shim is gone, with the tasks that it had. */
  died(shim: Shim): void
}

/** Starts shims, finds them again, and shares one connection among the tasks of each. */
export class ShimPool {
  readonly #init: ShimPoolInit
  readonly #shims = new Map<string, Shim>()
  readonly #starting = new Map<string, Promise<Shim>>()
  readonly #idle = new Map<Shim, NodeJS.Timeout>()

  constructor(init: ShimPoolInit) {
    this.#init = init
  }

  /**
   * The shim for a new task. One that serves the namespace already is used as it is, which saves a start, unless the task
   * is of a group that may have a shim of its own.
   *
   * @throws `not-found` when the runtime's shim is not installed, and what a failed start says
   */
  async acquire(runtime: string, bundle: Bundle, options: Any | undefined, signal?: AbortSignal): Promise<Shim> {
    const binary = await this.#binaryOf(runtime)
    if (!isOwnShim(binary) || bundle.namesGroup) return this.#start(binary, bundle, options, signal)
    const running = this.namespaceShim(bundle.namespace)
    // Before anything is awaited: it must not be ended for want of tasks now.
    if (running !== undefined) this.#keep(running)
    const shim = running ?? (await this.#startForNamespace(binary, bundle, options))
    bundle.saveShim(binary, shim.reply)
    return shim
  }

  /** The shim of ours that serves a namespace, when it is connected. */
  namespaceShim(namespace: string): Shim | undefined {
    for (const shim of this.#shims.values()) {
      if (shim.isOwn && shim.alive && shim.namespace === namespace && shim.servesNamespace) return shim
    }
    return undefined
  }

  /** Connects to the shim of a bundle that an earlier daemon made. Undefined when it does not answer. */
  async find(bundle: Bundle): Promise<Shim | undefined> {
    const { binary, reply } = await bundle.loadShim()
    if (reply === undefined) return undefined
    const shim = this.#connect(bundle.namespace, reply, binary)
    const log = bundle.reopenLog()
    if (log !== undefined) shim.attachLog(this.#readLog(log, bundle))
    try {
      await shim.task.connect(
        { id: bundle.id },
        { timeoutMs: this.#init.timeouts.loadMs, metadata: namespaceMetadata(bundle.namespace) },
      )
      return shim
    } catch (error) {
      this.#init.log.debug({ id: bundle.id, address: reply.address, error: messageOf(error) }, 'shim does not answer')
      this.releaseIfIdle(shim)
      return undefined
    }
  }

  /** Starts our shim anew for a bundle whose shim has died: it finds the containers by their monitors. */
  async revive(bundle: Bundle): Promise<Shim | undefined> {
    const { binary, reply } = await bundle.loadShim()
    if (binary === undefined || !isOwnShim(binary)) return undefined
    try {
      // The shim of a group is found by its start, however many of its tasks ask for it.
      if (reply?.serves !== 'namespace') return await this.#start(binary, bundle, undefined, undefined)
      return this.namespaceShim(bundle.namespace) ?? (await this.#startForNamespace(binary, bundle, undefined))
    } catch (error) {
      this.#init.log.warn({ id: bundle.id, error: messageOf(error) }, 'shim could not be started again')
      return undefined
    }
  }

  /** Has the shim's program remove what a dead shim left. Returns how the task ended, as far as that is known. */
  async cleanUp(bundle: Bundle, binary: string | undefined): Promise<{ pid: number; exitStatus: number } | undefined> {
    if (binary === undefined) return undefined
    try {
      const { pid, exitStatus, warnings } = await deleteWithShim({
        ...this.#call(binary, bundle),
        timeoutMs: this.#init.timeouts.cleanupMs,
      })
      if (warnings !== '') this.#init.log.warn({ id: bundle.id, warnings: warnings.slice(0, 2048) }, 'shim cleaned up')
      return { pid, exitStatus }
    } catch (error) {
      this.#init.log.warn({ id: bundle.id, error: messageOf(error) }, 'shim could not clean up')
      return undefined
    }
  }

  /** Ends a shim that has no tasks left. That of a namespace is kept a while: the next task would start it again. */
  releaseIfIdle(shim: Shim): void {
    if (shim.tasks.size > 0 || !shim.alive) return
    if (!shim.servesNamespace) return void this.#shutDown(shim)
    if (this.#idle.has(shim)) return
    const timer = setTimeout(() => {
      this.#idle.delete(shim)
      if (shim.tasks.size === 0) void this.#shutDown(shim)
    }, idleMs)
    this.#idle.set(shim, timer.unref())
  }

  /** Ends what has no tasks and leaves what has: containers outlive the daemon. */
  async close(): Promise<void> {
    for (const timer of this.#idle.values()) clearTimeout(timer)
    this.#idle.clear()
    const shims = [...this.#shims.values()]
    await Promise.all(shims.filter(({ tasks }) => tasks.size === 0).map((shim) => this.#shutDown(shim, true)))
    for (const shim of shims) shim.disconnect()
  }

  /** Tasks that come together wait for one start; whose shim serves but one task then is started by each. */
  async #startForNamespace(binary: string, bundle: Bundle, options: Any | undefined): Promise<Shim> {
    const { namespace } = bundle
    const starting = await this.#starting.get(namespace)?.catch(() => undefined)
    if (starting?.servesNamespace) return starting
    const started = this.#start(binary, bundle, options, undefined)
    this.#starting.set(namespace, started)
    return started.finally(() => {
      if (this.#starting.get(namespace) === started) this.#starting.delete(namespace)
    })
  }

  async #start(
    binary: string,
    bundle: Bundle,
    options: Any | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Shim> {
    const log = this.#readLog(bundle.openLog(), bundle)
    try {
      const reply = await startShim({ ...this.#call(binary, bundle), options, signal })
      bundle.saveShim(binary, reply)
      const isKnown = this.#shims.get(reply.address)?.alive === true
      const shim = this.#connect(bundle.namespace, reply, binary)
      if (isKnown) {
        log.destroy()
        bundle.removeLog()
      } else shim.attachLog(log)
      return shim
    } catch (error) {
      log.destroy()
      throw error
    }
  }

  #connect(namespace: string, reply: StartReply, binary: string | undefined): Shim {
    const known = this.#shims.get(reply.address)
    if (known?.alive) {
      this.#keep(known)
      return known
    }
    const shim = new Shim(namespace, reply, binary, (dead) => {
      this.#forget(dead)
      this.#init.died(dead)
    })
    this.#shims.set(reply.address, shim)
    return shim
  }

  #keep(shim: Shim): void {
    clearTimeout(this.#idle.get(shim))
    this.#idle.delete(shim)
  }

  #forget(shim: Shim): void {
    this.#keep(shim)
    if (this.#shims.get(shim.reply.address) === shim) this.#shims.delete(shim.reply.address)
  }

  /** `now`: nobody will come who could use it. */
  async #shutDown(shim: Shim, now = false): Promise<void> {
    this.#forget(shim)
    try {
      await shim.task.shutdown({ id: '', now }, { timeoutMs: this.#init.timeouts.shutdownMs })
    } catch (error) {
      // It ends before it has answered, more often than not.
      this.#init.log.debug({ address: shim.reply.address, error: messageOf(error) }, 'shim shut down')
    }
    shim.disconnect()
  }

  #call(binary: string, bundle: Bundle): ShimCall {
    const { address, ttrpcAddress, publishBinary, debug } = this.#init
    const { namespace, id, path } = bundle
    return {
      binary,
      namespace,
      id,
      bundle: path,
      address,
      publishBinary,
      debug,
      ttrpcAddress,
      grpcAddress: address,
      maximumTaskVersion: 2,
      // A task outlives its shim here, so that one is enough for all.
      serves: 'namespace',
    }
  }

  async #binaryOf(runtime: string): Promise<string> {
    const known = this.#init.shimPaths[runtime]
    return known ?? resolveShimBinary(runtime)
  }

  #readLog(log: Socket, bundle: Bundle): Socket {
    log.on('error', () => {})
    log.unref()
    createInterface({ input: log }).on('line', (line) => {
      this.#init.log.debug({ id: bundle.id, namespace: bundle.namespace, line: line.slice(0, 4096) }, 'shim')
    })
    return log
  }
}
